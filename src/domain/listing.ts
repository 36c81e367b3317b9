import type { DeliveryStatus } from './delivery.ts';

/** A page of a list, newest first. The cursor is opaque; null when there is no more. */
export interface Page<T> {
  data: T[];
  nextCursor: string | null;
}

export interface PageRequest {
  cursor: string | null;
  limit: number;
  /** How long to look at most, ms; what was found by then is a page. */
  budgetMs?: number;
}

/** `gone`: it was there once, and its time was over. */
export type Found<T> = { kind: 'found'; value: T } | { kind: 'missing' } | { kind: 'gone' };

/**
 * Where to begin in the sequence of stored events: after an event (also one that is gone by now), at a wall time in ms,
 * or with what is stored from now on.
 */
export type FeedStart = { kind: 'after'; eventId: string } | { kind: 'from'; time: number } | { kind: 'now' };

export interface FeedRequest {
  start: FeedStart;
  filter: EventFilter;
  limit: number;
  /** Headers and bodies too. */
  withContent: boolean;
}

/** A step of a search through bodies, newest first. */
export interface SearchRequest {
  filter: EventFilter;
  /** As somebody wrote it, see {@link parseBodyQuery}. */
  body: string;
  /** Opaque; null to begin at the newest event. */
  cursor: string | null;
}

/** Times in wall ms; `from` inclusive, `to` exclusive. `q` looks in id, dedup key and type. */
export interface EventFilter {
  route?: string;
  type?: string;
  status?: DeliveryStatus;
  q?: string;
  from?: number;
  to?: number;
}

export interface DeliveryFilter {
  status?: DeliveryStatus;
  target?: string;
  route?: string;
  type?: string;
  from?: number;
  to?: number;
  eventId?: string;
  deliveryIds?: readonly string[];
  eventIds?: readonly string[];
}

/** Which refused requests are listed; conditions left out match everything. */
export interface RejectionFilter {
  route?: string;
  /** The code that the sender was answered with. */
  reason?: string;
}

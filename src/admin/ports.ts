import type { Attempt } from '../domain/attempt.ts';
import type { DeliveryStatus } from '../domain/delivery.ts';
import type { HeaderList } from '../domain/event.ts';

/** Shapes as design.md gives them for the API, with times still in wall ms (the API writes ISO 8601). */
export interface EventView {
  id: string;
  route: string;
  type: string | null;
  dedupKey: string | null;
  receivedAt: number;
  method: string;
  path: string;
  query: string;
  peer: string;
  contentType: string | null;
  size: number;
  /** Hex SHA-256 of the body. */
  sha256: string;
  duplicates: number;
  conflicts: number;
}

export interface EventSummary extends EventView {
  statuses: Partial<Record<DeliveryStatus, number>>;
}

export interface EventDetail extends EventView {
  headers: HeaderList;
  deliveries: DeliveryView[];
}

export interface DeliveryView {
  id: string;
  eventId: string;
  route: string;
  target: string;
  status: DeliveryStatus;
  reason: string | null;
  attempts: number;
  budgetStart: number;
  nextAttemptAt: number | null;
  createdAt: number;
  finishedAt: number | null;
  lastAttempt: Attempt | null;
}

export interface DeliveryDetail extends DeliveryView {
  history: Attempt[];
}

export interface RejectionView {
  id: string;
  route: string | null;
  at: number;
  reason: string;
  explanation: string;
  peer: string;
  status: number;
  headers: HeaderList;
  bodyStart: string;
}

export type TaskStatus = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';

export interface TaskView {
  id: string;
  kind: 'replay';
  status: TaskStatus;
  matched: number;
  done: number;
  failed: number;
  createdAt: number;
  finishedAt: number | null;
}

/** A page of a list, newest first. The cursor is opaque; null when there is no more. */
export interface Page<T> {
  data: T[];
  nextCursor: string | null;
}

export interface PageRequest {
  cursor: string | null;
  limit: number;
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

export type Found<T> = { kind: 'found'; value: T } | { kind: 'missing' } | { kind: 'gone' };

/** What the admin API reads. Every call is bounded in time; rejects with a HookbayError (`storage_busy`, `bad_cursor`, …). */
export interface History {
  events(filter: EventFilter, page: PageRequest): Promise<Page<EventSummary>>;
  event(id: string): Promise<Found<EventDetail>>;
  /** The exact bytes; `damaged` bodies reject with code `event_damaged`. */
  body(id: string): Promise<Found<{ contentType: string | null; body: Buffer }>>;
  deliveries(filter: DeliveryFilter, page: PageRequest): Promise<Page<DeliveryView>>;
  delivery(id: string): Promise<Found<DeliveryDetail>>;
  rejections(filter: { route?: string }, page: PageRequest): Promise<Page<RejectionView>>;
  tasks(page: PageRequest): Promise<Page<TaskView>>;
  task(id: string): Promise<Found<TaskView>>;
  /** How many deliveries a bulk replay of this filter would touch, and the first few. */
  matchReplay(filter: DeliveryFilter): Promise<{ matched: number; sample: DeliveryView[] }>;
  /** Per target: backlog, dead, held and the oldest due time. */
  targetCounts(): Promise<TargetCounts[]>;
}

export interface TargetCounts {
  target: string;
  counts: Partial<Record<DeliveryStatus, number>>;
  oldestDueAt: number | null;
}

export type OperatorResult =
  | { kind: 'done'; delivery: DeliveryView }
  | { kind: 'missing' }
  | { kind: 'refused'; code: 'attempt_running' | 'wrong_status'; status: DeliveryStatus };

/** What an operator can do. Each resolves once it is on disk. */
export interface Operations {
  retry(deliveryId: string): Promise<OperatorResult>;
  cancel(deliveryId: string): Promise<OperatorResult>;
  discard(deliveryId: string): Promise<OperatorResult>;
  release(deliveryId: string): Promise<OperatorResult>;
  /** New deliveries of the event to the targets (null: the route's present ones). */
  replayEvent(eventId: string, targets: readonly string[] | null): Promise<Found<DeliveryView[]>>;
  startReplay(request: {
    filter: DeliveryFilter;
    targets: readonly string[] | null;
    ratePerSecond: number | null;
  }): Promise<TaskView>;
  cancelTask(id: string): Promise<Found<TaskView>>;
}

export interface TargetView {
  name: string;
  /** Credentials hidden. */
  url: string;
  state: 'healthy' | 'retrying' | 'paused';
  /** Since when it is in that state and why, where known. */
  since: number | null;
  reason: string | null;
  concurrency: number;
  inFlight: number;
  maxAttempts: number;
  counts: Partial<Record<DeliveryStatus, number>>;
  oldestDueAt: number | null;
}

export interface Targets {
  list(): Promise<TargetView[]>;
  get(name: string): Promise<TargetView | null>;
  pause(name: string, reason: string | null): Promise<TargetView | null>;
  resume(name: string): Promise<TargetView | null>;
}

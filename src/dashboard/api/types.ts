import type { AttemptTrigger, Outcome } from '../../domain/attempt.ts';
import type { DeliveryStatus } from '../../domain/delivery.ts';

/** What the API answers, as far as the page reads it. Times are ISO 8601 UTC. */
export type Headers = [name: string, value: string][];
export type Counts = Partial<Record<DeliveryStatus, number>> & Readonly<Record<string, number>>;

export interface Page<Item> {
  data: Item[];
  nextCursor: string | null;
}

export interface Attempt {
  number: number;
  trigger: AttemptTrigger | (string & {});
  startedAt: string;
  durationMs: number;
  outcome: Outcome['kind'] | (string & {});
  statusCode: number | null;
  error: { code: string; message: string } | null;
  response: { headers: Headers; body: string; truncated: boolean } | null;
}

/** `delivering` while an attempt runs. Other relays may know others. */
export type ShownStatus = DeliveryStatus | 'delivering' | (string & {});

export interface Delivery {
  id: string;
  eventId: string;
  route: string;
  target: string;
  status: ShownStatus;
  reason: string | null;
  attempts: number;
  maxAttempts: number | null;
  nextAttemptAt: string | null;
  createdAt: string;
  finishedAt: string | null;
  /** Of a target with an order: the delivery before which this one may not go. */
  waitsFor?: string | null;
  lastAttempt: Attempt | null;
}

export interface DeliveryDetail extends Delivery {
  history: Attempt[];
}

interface EventFields {
  id: string;
  route: string;
  type: string | null;
  dedupKey: string | null;
  receivedAt: string;
  method: string;
  path: string;
  query: string;
  peer: string;
  contentType: string | null;
  size: number;
  sha256: string | null;
  bodyGone: boolean;
  duplicates: number;
  conflicts: number;
}

export interface ListedEvent extends EventFields {
  statuses: Counts;
  /** Its deliveries' statuses by their ids, where an event came with them. */
  known?: Readonly<Record<string, string>>;
}

/** What the stream tells of an event. */
export interface StreamedEvent extends EventFields {
  deliveries: Pick<Delivery, 'id' | 'status'>[];
}

/** What the stream tells of a delivery. */
export interface DeliveryNews {
  id: string;
  eventId: string;
  status: string;
}

export interface EventDetail extends EventFields {
  headers: Headers;
  deliveries: Delivery[];
}

export interface Target {
  name: string;
  url: string;
  /** `healthy`, `retrying`, `paused`, `open`, `half_open`; newer relays may know others. */
  state: string;
  since: string | null;
  reason: string | null;
  /** While its breaker is open; absent where there are no breakers. */
  nextProbeAt?: string | null;
  concurrency: number;
  inFlight: number;
  maxAttempts: number | null;
  counts: Counts;
  oldestDueAt: string | null;
}

/** Of a provider that hands its secret over. */
export interface Handshake {
  armedUntil: string | null;
  learnedAt: string | null;
  hasSecret: boolean;
}

export interface Route {
  name: string;
  path: string;
  /** Null when the relay does not know where senders reach it. */
  url: string | null;
  methods: string[];
  provider: string;
  dedup: string;
  deliver: { target: string; events: string[] | null; filter: string | null }[];
  acceptedAt: string | null;
  rejectedAt: string | null;
  handshake: Handshake | null;
}

export interface Rejection {
  id: string;
  route: string | null;
  at: string;
  reason: string;
  explanation: string;
  peer: string;
  status: number;
  headers: Headers;
  bodyStart: string;
}

export interface Task {
  id: string;
  /** `replay`; newer relays know others. */
  kind: string;
  status: 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';
  matched: number;
  done: number;
  failed: number;
  createdAt: string;
  finishedAt: string | null;
  resultUrl: string | null;
  /** Why it failed. */
  error: { code: string; message: string } | null;
}

export interface Stats {
  totals: Counts;
  oldestDueAt: string | null;
}

/** The parts of the effective configuration that the page reads. */
export interface ShownConfig {
  listen: string;
  tls: unknown;
  publicUrl: string | null;
}

export interface Readiness {
  status: 'ready' | 'unavailable';
  reasons?: string[];
}

export interface TestAnswer {
  statusCode: number;
  eventId: string | null;
  code: string | null;
}

/** What a bulk replay chooses by. */
export interface ReplayFilter {
  status: DeliveryStatus;
  target?: string;
  route?: string;
  deliveryIds?: string[];
}

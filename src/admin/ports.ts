import type { Readable } from 'node:stream';
import type { AdminToken } from '../config/types.ts';
import type { AlertKind } from '../domain/alert-book.ts';
import type { Attempt } from '../domain/attempt.ts';
import type { NewAuditEntry } from '../domain/audit.ts';
import type { DeliveryStatus } from '../domain/delivery.ts';
import type { HeaderList } from '../domain/event.ts';
import type {
  DeliveryFilter,
  EventFilter,
  FeedRequest,
  Found,
  Page,
  PageRequest,
  RejectionFilter,
  SearchRequest,
} from '../domain/listing.ts';
import type { Redactions } from '../domain/redaction.ts';

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
  /** Hex SHA-256 of the body; null where it is not known without decrypting it. */
  sha256: string | null;
  /** Head and body went before the event: its path, peer and headers are empty. */
  bodyGone: boolean;
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

/** Null content: it was not asked for, or what is stored of the event is damaged. */
export interface FedEvent extends EventView {
  deliveries: DeliveryView[];
  content: { headers: HeaderList; body: Uint8Array } | null;
}

export interface SearchStep {
  found: EventSummary[];
  /** Events whose bodies were looked at. */
  scanned: number;
  /** Wall ms of the last of them; null when there was none. */
  reachedAt: number | null;
  nextCursor: string | null;
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
  /** Deliveries of one target with the same key go one at a time; null: it waits for nobody. */
  orderingKey: string | null;
  /** Id of the delivery that goes first, while this one waits for it. */
  waitsFor: string | null;
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

export interface AuditView extends NewAuditEntry {
  id: string;
}

export type TaskStatus = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';

interface TaskFields {
  id: string;
  status: TaskStatus;
  matched: number;
  done: number;
  failed: number;
  createdAt: number;
  finishedAt: number | null;
  /** Why it failed. */
  error: { code: string; message: string } | null;
  /** Who is told of its end; null for nobody. The URL may hold a secret. */
  callback: { url: string; state: 'waiting' | 'told' | 'given_up' } | null;
}

export type ReplayTaskView = TaskFields & { kind: 'replay' };
export type ExportTaskView = TaskFields & {
  kind: 'export';
  /** Length of its file so far. */
  bytes: number;
  /** Its file was removed before its time, because an event was deleted. */
  dropped: boolean;
};
export type TaskView = ReplayTaskView | ExportTaskView;

/** What the admin API reads. Every call is bounded in time; rejects with a HookbayError (`storage_busy`, `bad_cursor`, …). */
export interface History {
  events(filter: EventFilter, page: PageRequest): Promise<Page<EventSummary>>;
  event(id: string): Promise<Found<EventDetail>>;
  /** The next events after a place in the sequence, oldest first; `position` is the event to go on after. */
  feed(request: FeedRequest): Promise<{ events: FedEvent[]; position: string; more: boolean }>;
  /** One step of a search through bodies, newest first; it goes on with `nextCursor` until that is null. */
  search(request: SearchRequest): Promise<SearchStep>;
  /** The exact bytes; `damaged` bodies reject with code `event_damaged`. */
  body(id: string): Promise<Found<{ contentType: string | null; body: Buffer }>>;
  deliveries(filter: DeliveryFilter, page: PageRequest): Promise<Page<DeliveryView>>;
  delivery(id: string): Promise<Found<DeliveryDetail>>;
  rejections(filter: RejectionFilter, page: PageRequest): Promise<Page<RejectionView>>;
  audit(page: PageRequest): Promise<Page<AuditView>>;
  tasks(page: PageRequest): Promise<Page<TaskView>>;
  task(id: string): Promise<Found<TaskView>>;
  /**
   * How many deliveries a bulk replay of this filter would touch, and a few of them: without a status those that are
   * dead or delivered. With `oncePerEvent`, for a replay to named targets, one delivery stands for its event.
   */
  matchReplay(filter: DeliveryFilter, oncePerEvent: boolean): Promise<{ matched: number; sample: DeliveryView[] }>;
  /** Per target: backlog, dead, held and the oldest due time. */
  targetCounts(): Promise<TargetCounts[]>;
  /** What was answered under an idempotency key that is still known. @param now wall ms */
  remembered(scope: string, key: string, now: number): Promise<Remembered | null>;
}

/** An answer of before, to the same request. */
export interface Remembered {
  /** Hex, of the request's body. */
  bodySha256: string;
  answer: { kind: 'task'; id: string } | { kind: 'deliveries'; deliveries: DeliveryView[] };
}

/** Makes a request one that may come again: what it did is stored in the transaction that does it. */
export interface IdempotencyMark {
  /** Method and path. */
  scope: string;
  key: string;
  bodySha256: string;
}

/** What may come with the start of a task. */
export interface TaskExtras {
  callbackUrl?: string | null;
  once?: IdempotencyMark | null;
}

export interface TargetCounts {
  target: string;
  counts: Partial<Record<DeliveryStatus, number>>;
  oldestDueAt: number | null;
  /** Those of the pending ones that wait for others of their ordering key. */
  blocked: number;
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
  replayEvent(eventId: string, targets: readonly string[] | null, once?: IdempotencyMark | null): Promise<Found<DeliveryView[]>>;
  startReplay(
    request: { filter: DeliveryFilter; targets: readonly string[] | null; ratePerSecond: number | null },
    extras?: TaskExtras,
  ): Promise<TaskView>;
  startExport(request: { filter: DeliveryFilter }, extras?: TaskExtras): Promise<TaskView>;
  cancelTask(id: string): Promise<Found<TaskView>>;
}

/** What a deletion did: to how many events, open deliveries and rejections. */
export interface Deleted {
  deleted: number;
  cancelled: number;
  rejections: number;
  /** Whether the bytes are out of the files; if not, it is tried again until they are. */
  erased: boolean;
}

/** Deletes events on request. Each resolves once it is on disk. */
export interface Deletions {
  event(id: string): Promise<Found<Deleted>>;
  /** Events of which a delivery matches. */
  matching(filter: DeliveryFilter): Promise<Deleted>;
  preview(filter: DeliveryFilter): Promise<{ matched: number; sample: EventSummary[] }>;
}

export interface TargetView {
  name: string;
  /** Credentials hidden. */
  url: string;
  state: 'healthy' | 'retrying' | 'open' | 'half_open' | 'paused';
  /** Since when it is in that state; null when it is `healthy` because nothing was attempted since the start. */
  since: number | null;
  /** Why it is paused or its breaker open, what failed last, or that nothing was attempted. */
  reason: string | null;
  /** When the breaker is open: the time of the next probe. */
  nextProbeAt: number | null;
  concurrency: number;
  /** As it is configured, for example `100/s`; null without one. */
  rateLimit: string | null;
  inFlight: number;
  /** Null when only a duration ends its retries. */
  maxAttempts: number | null;
  counts: Partial<Record<DeliveryStatus, number>>;
  oldestDueAt: number | null;
}

export interface Targets {
  list(): Promise<TargetView[]>;
  get(name: string): Promise<TargetView | null>;
  pause(name: string, reason: string | null): Promise<TargetView | null>;
  resume(name: string): Promise<TargetView | null>;
}

/** What the admin API needs of the dispatcher. Waking it when there is new work is the store's part. */
export interface Dispatching {
  /** Whether an attempt of this delivery runs at this moment; then it is shown as `delivering`. */
  isRunning(deliveryId: string): boolean;
}

/** What can be had of an export's file. */
export type ExportFile =
  | { kind: 'found'; bytes: number; stream(): Readable }
  /** Its time is over, or it was removed. */
  | { kind: 'gone' };

/** Files of exports. */
export interface Exports {
  /** The file of an export that is completed. */
  open(task: ExportTaskView): Promise<ExportFile>;
  /** Until when a completed export has its file, wall ms; null when it has none (any more). */
  keptUntil(task: ExportTaskView): number | null;
}

/** What ingest made of a test event. */
export type TestAnswer =
  | { kind: 'answered'; statusCode: number; eventId: string | null; code: string | null }
  | { kind: 'missing' };

/** Sends a signed test event through the real ingest. */
export interface TestSender {
  send(route: string, event: { type: string | null; payload: unknown }): Promise<TestAnswer>;
}

/** A route whose provider hands its secret over, and whether it may. Times are wall ms. */
export interface LearningView {
  /** Until when a secret is taken; null when none is. */
  armedUntil: number | null;
  learnedAt: number | null;
  hasSecret: boolean;
}

/** Secrets that senders hand over, let in by operators. Routes that have none are no error here. */
export interface Learning {
  view(route: string): LearningView;
  /** Opens the window, or makes it longer. @returns wall ms at which it ends */
  arm(route: string, ms: number): number;
  disarm(route: string): void;
  /** The newest secret, while it is fresh. */
  recentSecret(route: string): string | null;
  /** Drops what was learned; resolves once that is on disk. */
  forget(route: string): Promise<void>;
}

/** What became of a reload: all or nothing. */
export type ReloadResult =
  | { kind: 'applied' }
  | {
      kind: 'refused';
      code: 'configuration_faults' | 'restart_required';
      message: string;
      hint?: string;
      faults: readonly string[];
    };

/** One edge from a route to a target; null for what it does not have. */
export interface EdgeView {
  target: string;
  events: readonly string[] | null;
  filter: string | null;
  transforms: boolean;
  path: string | null;
  delayMs: number | null;
}

export interface RouteView {
  name: string;
  path: string;
  /** Where senders reach it; null when the relay does not know its public URL. */
  url: string | null;
  methods: readonly string[];
  provider: string;
  /** `none`, or how the key is found, for example `preset` or `header:x-id`. */
  dedup: string;
  dedupWindowMs: number | null;
  deliver: readonly EdgeView[];
}

/** Who may be told of the end of a task. */
export interface CallbackSettings {
  /** Every secret signs; none: nobody is told. */
  secrets: readonly string[];
  /** Ranges that may be reached although they are not public. */
  allow: readonly string[];
}

/** The part of the configuration that the admin API works by; swapped as a whole on a reload. */
export interface AdminSettings {
  /** Any of them opens the API; empty only on a loopback listener. */
  tokens: readonly AdminToken[];
  routes: readonly RouteView[];
  /** Attempts per budget of every configured target; null when only a duration ends it. */
  attempts: ReadonlyMap<string, number | null>;
  callbacks: CallbackSettings;
  /** What is masked where events are shown. */
  redactions: Redactions;
  /** Whether what is stored is encrypted. */
  encrypted: boolean;
  /** The effective configuration with secrets hidden. */
  shownConfig: object;
}

/** Whether webhooks are taken, and if not, why. */
export interface Readiness {
  ready: boolean;
  /** Stable codes; empty when ready. */
  reasons: readonly string[];
}

/** What `GET /metrics` answers. */
export interface MetricsText {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** What became of a delivery, as it happens. */
export interface SettledDelivery {
  id: string;
  eventId: string;
  route: string;
  target: string;
  status: DeliveryStatus;
}

/** Tells those who watch what happens in the relay. Nobody watching costs nothing. */
export interface LiveNews {
  watch(): Watcher;
}

export interface Watcher {
  /** Resolves with true soon after there is news since the last wait, with false after `ms` or when the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<boolean>;
  /** What was settled since the last call. `missed`: more than is kept. */
  take(): { settled: SettledDelivery[]; missed: boolean };
  close(): void;
}

/** Figures over time, one entry for each step, oldest first. Times in wall ms, latencies in ms; null where nothing was measured. */
export interface FiguresView {
  at: number[];
  counts: Record<'accepted' | 'duplicates' | 'rejected' | 'delivered' | 'failed' | 'dead', number[]>;
  p50: (number | null)[];
  p99: (number | null)[];
}

/** What has happened since the start, for a day at most. */
export interface LiveFigures {
  all(windowMs: number, stepMs: number): FiguresView;
  /** Null when nothing was attempted since the start. */
  target(name: string, windowMs: number, stepMs: number): FiguresView | null;
  route(name: string): { acceptedAt: number | null; rejectedAt: number | null };
}

/** A finished copy of the database. Either of the two is called, once; then it is gone. */
export interface Backup {
  /** Bytes. */
  size: number;
  read(): Readable;
  discard(): Promise<void>;
}

/** Alerts that fire or have ended. Times are wall ms. */
export interface AlertView {
  id: string;
  kind: AlertKind;
  state: 'firing' | 'resolved' | 'noted';
  key: string;
  target: string | null;
  route: string | null;
  summary: string;
  detail: Readonly<Record<string, string | number | null>>;
  since: number;
  endedAt: number | null;
}

export interface AlertTest {
  /** The destination's host; the rest of its URL is a secret. */
  to: string;
  format: 'json' | 'slack' | 'discord';
  outcome: 'delivered' | 'failed';
  code: string | null;
}

export interface AlertBoard {
  /** What fires, oldest first, then what has ended, newest first. */
  list(): AlertView[];
  /** Sends a test to every destination; empty when there is none. Never rejects. */
  test(): Promise<AlertTest[]>;
}

/** Everything that the admin API stands on. */
export interface AdminPorts {
  history: History;
  operations: Operations;
  deletions: Deletions;
  targets: Targets;
  dispatching: Dispatching;
  /** There may be a new task, or one that has ended. */
  tasks: { wake(): void };
  exports: Exports;
  /** Keeps what was done; nobody waits for it. */
  audit: { record(entry: NewAuditEntry): void };
  news: LiveNews;
  figures: LiveFigures;
  /** Copies all that is committed; rejects with a HookbayError. */
  backups: { make(left: AbortSignal): Promise<Backup> };
  test: TestSender;
  learning: Learning;
  reload: () => Promise<ReloadResult>;
  readiness: () => Readiness;
  metrics: MetricsText;
  alerts: AlertBoard;
}

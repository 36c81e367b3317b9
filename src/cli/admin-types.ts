/** The admin API's answers, as far as the commands show them: times ISO 8601 UTC, durations ms, sizes bytes. */
export interface Page<Item> {
  data: Item[];
  nextCursor: string | null;
}

export interface EventItem {
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
  /** Null in lists of encrypted events. */
  sha256: string | null;
  /** Body and headers went before the event. */
  bodyGone: boolean;
  duplicates: number;
  conflicts: number;
  /** In lists: how many deliveries are in which status. */
  statuses?: Record<string, number>;
}

export interface EventDetail extends EventItem {
  headers: [name: string, value: string][];
  deliveries: DeliveryItem[];
}

export interface AttemptItem {
  number: number;
  trigger: string;
  startedAt: string;
  durationMs: number;
  outcome: string;
  statusCode: number | null;
  error: { code: string; message: string } | null;
  response: { headers: [name: string, value: string][]; body: string; truncated: boolean } | null;
}

export interface DeliveryItem {
  id: string;
  eventId: string;
  route: string;
  target: string;
  status: string;
  reason: string | null;
  attempts: number;
  maxAttempts: number | null;
  nextAttemptAt: string | null;
  createdAt: string;
  finishedAt: string | null;
  orderingKey: string | null;
  /** The delivery at the front of its key, while this one waits for it. */
  waitsFor: string | null;
  lastAttempt: AttemptItem | null;
  /** In the answer for one delivery only. */
  history?: AttemptItem[];
}

/** An event as the stream tells it; headers and body where they were asked for and are not damaged. */
export interface StreamedEvent extends EventItem {
  deliveries: DeliveryItem[];
  headers?: [name: string, value: string][];
  bodyBase64?: string;
  redacted?: boolean;
}

/** What became of a delivery, as the stream tells it. */
export interface SettledItem {
  id: string;
  eventId: string;
  route: string;
  target: string;
  status: string;
}

export interface StatsItem {
  at: string;
}

export interface TargetItem {
  name: string;
  url: string;
  state: string;
  since: string | null;
  reason: string | null;
  nextProbeAt: string | null;
  concurrency: number;
  rateLimit: string | null;
  inFlight: number;
  maxAttempts: number | null;
  counts: Record<string, number>;
  oldestDueAt: string | null;
}

/** A route whose sender hands its secret over. */
export interface LearningItem {
  /** Null: none is taken. */
  armedUntil: string | null;
  learnedAt: string | null;
  hasSecret: boolean;
}

export interface HandshakeItem extends LearningItem {
  /** For the provider's page; null when there is none to be shown. */
  verificationToken: string | null;
}

export interface TaskItem {
  id: string;
  kind: string;
  status: 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';
  matched: number;
  done: number;
  failed: number;
  createdAt: string;
  finishedAt: string | null;
  error: { code: string; message: string } | null;
  resultUrl: string | null;
  resultExpiresAt: string | null;
  callback: { url: string; state: string } | null;
}

export interface ReplayPreview {
  matched: number;
  sample: DeliveryItem[];
}

/** What a deletion did. */
export interface DeletedItem {
  deleted: number;
  cancelled: number;
  rejections: number;
  erased: boolean;
}

export interface DeletionPreview {
  matched: number;
  sample: EventItem[];
}

export interface RejectionItem {
  id: string;
  /** Null for a path that no route has. */
  route: string | null;
  at: string;
  reason: string;
  explanation: string;
  peer: string;
  status: number;
}

/** RFC 9457, with a stable code. */
export interface ProblemItem {
  title?: string;
  detail?: string;
  code?: string;
  hint?: string;
  /** Of a configuration, each as it is shown. */
  faults?: string[];
}

export interface AlertItem {
  id: string;
  kind: string;
  state: string;
  key: string;
  target: string | null;
  route: string | null;
  summary: string;
  detail: Record<string, string | number | null>;
  since: string;
  endedAt: string | null;
}

export interface AlertTestItem {
  to: string;
  format: string;
  outcome: string;
  code: string | null;
}

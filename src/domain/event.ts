/** Header names and values in the order and spelling in which they arrived, repeats kept. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** A request that was accepted at the door, not stored yet. */
export interface NewEvent {
  route: string;
  /** Wall time in ms at which the head of the request was read. */
  receivedAt: number;
  type: string | null;
  dedup: DedupKey | null;
  method: string;
  /** Path without the query. */
  path: string;
  /** Query without the `?`; empty when there is none. */
  query: string;
  peer: string;
  contentType: string | null;
  /** Credentials are already replaced by a mark. */
  headers: HeaderList;
  body: Buffer;
}

export interface DedupKey {
  key: string;
  /** How long the key is known from the first acceptance on, ms. */
  windowMs: number;
}

/**
 * What becomes of an event for one target of its route: `filtered` is not for that target, `held` is in quarantine until
 * a person releases or discards it. Deliveries of one target with the same ordering key go one at a time, in the order in
 * which their events were stored; those without one go whenever there is room.
 */
export type PlannedDelivery =
  /** `delayMs` after the event was received the delivery is due; left out: at once. */
  | { kind: 'pending'; target: string; delayMs?: number; orderingKey?: string }
  | { kind: 'filtered'; target: string; reason: string }
  | { kind: 'held'; target: string; reason: string; orderingKey?: string };

/** What became of an append. `unavailable` means that nothing may be acknowledged. */
export type AppendResult =
  | { kind: 'accepted'; eventId: string }
  | { kind: 'duplicate'; eventId: string; conflict: boolean }
  | { kind: 'unavailable'; reason: UnavailableReason };

export type UnavailableReason = 'storage_failing' | 'disk_full' | 'wal_full' | 'commit_timeout' | 'shutting_down' | 'row_refused';

/** Of a refused body so much is kept, as text. */
export const REJECTION_BODY_BYTES = 2048;

/** A refused request, kept for a short time so that 'why was my webhook refused' has an answer. */
export interface NewRejection {
  route: string | null;
  at: number;
  reason: string;
  explanation: string;
  peer: string;
  status: number;
  headers: HeaderList;
  bodyStart: string;
}

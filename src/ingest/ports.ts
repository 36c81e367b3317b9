import type { AppendResult, NewRejection, PlannedDelivery, UnavailableReason } from '../domain/event.ts';
import type { VerifiedRequest } from './verify.ts';

/** What ingest needs of a store: durable before it resolves, never rejects. Takes only what `verify()` has made. */
export interface EventLog {
  append(event: VerifiedRequest, deliveries: readonly PlannedDelivery[]): Promise<AppendResult>;
  /** Null while events can be taken; otherwise why not. Asked before a body is read. */
  unavailable(): UnavailableReason | null;
}

/** Where refusals go. Never blocks and never throws; a rejection may be sampled away. */
export interface RejectionLog {
  record(rejection: NewRejection): void;
}

/** Told of every answer; seconds run from the request's head to the answer. Must not throw. */
export interface IngestObserver {
  accepted(route: string, seconds: number): void;
  duplicate(route: string, conflict: boolean, seconds: number): void;
  /** `reason` is a problem's code, so there are few of them. */
  rejected(route: string | null, reason: string, status: number): void;
}

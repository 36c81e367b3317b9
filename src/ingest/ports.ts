import type { AppendResult, NewRejection, PlannedDelivery, UnavailableReason } from '../domain/event.ts';
import type { AwaitedResult } from '../domain/target-answer.ts';
import type { VerifiedRequest } from './verify.ts';

/**
 * What ingest needs of a store: durable before it resolves, never rejects. Takes only what `verify()` has made.
 * Deliveries are handed over to be attempted only after the reactions to the promise have run: who wants to hear of
 * the attempt asks in them.
 */
export interface EventLog {
  append(event: VerifiedRequest, deliveries: readonly PlannedDelivery[]): Promise<AppendResult>;
  /** Null while events can be taken; otherwise why not. Asked before a body is read. */
  unavailable(): UnavailableReason | null;
  /** Pending deliveries of a route as of the last commit. Asked before a body is read, so it must cost nothing. */
  pending(route: string): number;
}

/** Where refusals go. Never blocks and never throws; a rejection may be sampled away. */
export interface RejectionLog {
  record(rejection: NewRejection): void;
}

/**
 * What ingest needs of the dispatcher on routes in proxy mode. Asked in the reaction to the append, and not later:
 * the attempt may begin right after.
 */
export interface ProxyAnswers {
  /**
   * @param event `isFirst` is false for a duplicate: it only waits for what others wait for already
   * @param told called once, later; with an answer only for a 2xx
   * @returns ends the waiting, after which `told` is not called; or null when there is nothing to wait for
   */
  awaitAnswer(
    event: { id: string; target: string; isFirst: boolean },
    told: (result: AwaitedResult) => void,
  ): (() => void) | null;
}

/**
 * What a sender got in proxy mode: the target's answer, or the acknowledgement, because the answer was late or too
 * large, the attempt failed, or none could begin.
 */
export type ProxyOutcome = AwaitedResult['kind'] | 'late';

/** A secret that a sender handed over, and when (wall ms). */
export interface LearnedSecret {
  route: string;
  secret: string;
  learnedAt: number;
}

/** Where learned secrets are kept. A promise resolves once it is on disk, and rejects when it is not. */
export interface SecretStore {
  /** What was learned before the start, oldest first. */
  readonly learned: readonly LearnedSecret[];
  learn(secret: LearnedSecret): Promise<void>;
  forget(route: string): Promise<void>;
}

/** Fetches an address that a provider named and that was checked; bounded in time and size, never rejects. */
export interface Confirmation {
  confirm(url: string): Promise<{ kind: 'confirmed' } | { kind: 'failed'; reason: string }>;
}

/** Told of every answer; seconds run from the request's head to the answer. Must not throw. */
export interface IngestObserver {
  accepted(route: string, seconds: number): void;
  duplicate(route: string, conflict: boolean, seconds: number): void;
  /** In proxy mode, with the one or the other above. */
  proxied(route: string, outcome: ProxyOutcome): void;
  /** Answered as the provider wants it; nothing was stored. */
  handshake(route: string): void;
  /** `reason` is a problem's code, so there are few of them. */
  rejected(route: string | null, reason: string, status: number): void;
}

import type { Attempt, Outcome, Settlement } from '../domain/attempt.ts';
import type { Lease } from '../domain/delivery.ts';
import type { LeasedDelivery } from '../domain/leased-delivery.ts';

/** How much may be leased at once; `bytes` counts bodies. */
export interface LeaseRoom {
  deliveries: number;
  bytes: number;
}

export interface LeaseBatch {
  deliveries: LeasedDelivery[];
  /** Wall ms of the earliest pending delivery of the target that was not leased here and is not leased yet, or null. Lies in the past when more is due. */
  nextDueAt: number | null;
  /** More is due because others waited for the store, not because the room was used up: it can be asked again at once. */
  cutShort?: boolean;
}

export type SettleResult = { kind: 'settled' } | { kind: 'stale' };

/** What the dispatcher needs of a store. Promises reject only when the store is closed or broken. */
export interface DeliveryQueue {
  /**
   * Claims deliveries of the target that are due, oldest due first, until the room is used up or others have waited long
   * enough for the store. The last one may pass the room's bytes: otherwise a body larger than the room would never be
   * delivered.
   */
  lease(target: string, room: LeaseRoom): Promise<LeaseBatch>;
  /** Gives claims back unspent; a later `lease` sees them again. Claims that are gone are passed over. */
  release(deliveries: readonly { id: string; lease: Lease }[]): void;
  /** Records an attempt and what follows from it, or that a filter made it needless (null); resolves once it is on disk. */
  settle(delivery: { id: string; lease: Lease }, attempt: Attempt | null, outcome: Settlement): Promise<SettleResult>;
}

/** Told of every attempt and what followed from it. Must not throw. */
export interface DeliverObserver {
  attempt(target: string, outcome: Outcome['kind'], statusCode: number | null, seconds: number): void;
  /** From acceptance to delivery, seconds. */
  delivered(target: string, seconds: number): void;
  /** What became of a delivery is on disk. */
  settled(delivery: LeasedDelivery, outcome: Settlement['kind']): void;
  /** That a filter ended a delivery without an attempt is on disk. */
  filtered(target: string): void;
  /** A dead letter is on disk. */
  dead(target: string, deliveryId: string, reason: string): void;
  /** Nothing is attempted any more, but for a probe now and then. Not called again when a probe fails. */
  breakerOpened(target: string, reason: string): void;
  /** The target is back, or its breaker was turned off. */
  breakerClosed(target: string, reason: string): void;
}

/** A breaker that is open, as it is kept over a restart. Times are wall ms. */
export interface OpenBreaker {
  since: number;
  /** Why it opened, or what the last probe brought. */
  reason: string;
  /** When the next probe is made. */
  probeAt: number;
}

/** Where open breakers are kept. */
export interface BreakerRecords {
  /** Those that an earlier run left. */
  saved: ReadonlyMap<string, OpenBreaker>;
  /** Null: it is closed. Resolves once that is on disk. */
  keep(target: string, breaker: OpenBreaker | null): Promise<void>;
}

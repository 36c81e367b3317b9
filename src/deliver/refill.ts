import type { Clock } from '../domain/clock.ts';
import type { LeasedDelivery } from '../domain/leased-delivery.ts';
import type { Logger } from '../domain/logger.ts';
import { LARGEST_LEASE } from './hand-off.ts';
import type { LeaseBatch } from './ports.ts';

/** What a target's queue says to the part that fills it. */
export interface Supply {
  target: string;
  /** Leases what there is room for, or null when nothing is wanted now. */
  lease(): Promise<LeaseBatch> | null;
  take(deliveries: readonly LeasedDelivery[]): void;
}

/** The store is asked again after this long at the latest: it heals a wall clock that was set forward. */
const LONGEST_WAIT_MS = 60_000;

/** After an error of the store, and when it found something due but could not lease it. */
const PAUSE_MS = 1000;

/**
 * Knows whether a target has deliveries in the store that are due, and leases them when they are wanted.
 * One lease runs at a time; a wake-up that comes while it runs is remembered.
 */
export class Refill {
  readonly #supply: Supply;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** At the start nobody knows, so it is to be found out. */
  #backlog = true;
  #fetching = false;
  #wokenWhileFetching = false;
  #pausing = false;
  #failing = false;
  #behind = false;
  /** Leased since more became due than came with one lease. */
  #leasedOfMore = 0;
  #timer: { dueAt: number; cancel: () => void } | null = null;
  #cancelPause: (() => void) | null = null;

  constructor(supply: Supply, clock: Clock, logger: Logger) {
    this.#supply = supply;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Whether something older than what arrives now may wait in the store. */
  get backlog(): boolean {
    return this.#backlog;
  }

  /** Whether more was due than a large lease takes, or nothing can be leased: what is stored now waits for others. */
  get behind(): boolean {
    return this.#behind || this.#failing;
  }

  /** Something becomes due in the store. @param dueAt wall ms */
  wake(dueAt: number): void {
    if (dueAt > this.#clock.now()) {
      this.#waitFor(dueAt);
      return;
    }
    this.#backlog = true;
    this.#wokenWhileFetching = true;
    this.check();
  }

  /** Leases, if there is something to lease and it is wanted. Cheap, for it is asked after every attempt. */
  check(): void {
    if (!this.#backlog || this.#fetching || this.#pausing) return;
    const leasing = this.#supply.lease();
    if (leasing === null) return;
    this.#fetching = true;
    this.#wokenWhileFetching = false;
    leasing.then(
      (batch) => this.#leased(batch),
      (error: unknown) => this.#failed(error),
    );
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#cancelPause?.();
  }

  #leased({ deliveries, nextDueAt, cutShort = false }: LeaseBatch): void {
    const moreIsDue = nextDueAt !== null && nextDueAt <= this.#clock.now();
    this.#leasedOfMore = moreIsDue ? this.#leasedOfMore + deliveries.length : 0;
    this.#behind = moreIsDue && (!cutShort || this.#leasedOfMore >= LARGEST_LEASE.deliveries);
    this.#backlog = moreIsDue || this.#wokenWhileFetching;
    this.#fetching = false;
    if (this.#failing) this.#logger.info({ target: this.#supply.target }, 'deliveries can be leased again');
    this.#failing = false;
    if (nextDueAt !== null && !moreIsDue) this.#waitFor(nextDueAt);
    if (moreIsDue && deliveries.length === 0 && !cutShort) this.#pause();
    this.#supply.take(deliveries);
    this.check();
  }

  #failed(error: unknown): void {
    this.#fetching = false;
    if (!this.#failing) this.#logger.error({ target: this.#supply.target, err: error }, 'deliveries cannot be leased');
    this.#failing = true;
    this.#pause();
  }

  #pause(): void {
    this.#pausing = true;
    this.#cancelPause = this.#clock.after(PAUSE_MS, () => {
      this.#pausing = false;
      this.check();
    });
  }

  #waitFor(dueAt: number): void {
    if (this.#timer !== null && this.#timer.dueAt <= dueAt) return;
    this.#timer?.cancel();
    const wait = Math.min(dueAt - this.#clock.now(), LONGEST_WAIT_MS);
    const cancel = this.#clock.after(wait, () => {
      this.#timer = null;
      this.#backlog = true;
      this.check();
    });
    this.#timer = { dueAt, cancel };
  }
}

import { Chain, type Chained } from '../domain/chain.ts';
import type { Clock } from '../domain/clock.ts';

/** Something that has to end by a time on the monotonic clock, ms. */
export interface Expiring extends Chained<Expiring> {
  endsAt: number;
  expire(): void;
}

/**
 * Deadlines of equal length, so they end in the order in which they begin: one timer, for the oldest, serves them
 * all, and nothing is allocated for an attempt.
 */
export class Deadlines {
  readonly #running = new Chain<Expiring>();
  readonly #clock: Clock;
  readonly #lengthMs: number;
  #cancelTimer: (() => void) | null = null;

  constructor(clock: Clock, lengthMs: number) {
    this.#clock = clock;
    this.#lengthMs = lengthMs;
  }

  begin(expiring: Expiring, now: number): void {
    expiring.endsAt = now + this.#lengthMs;
    this.#running.add(expiring);
    if (this.#cancelTimer === null) this.#arm(this.#lengthMs);
  }

  /** The timer stays: it finds out by itself that it came early, once per length at most. */
  end(expiring: Expiring): void {
    this.#running.remove(expiring);
  }

  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #arm(delayMs: number): void {
    this.#cancelTimer = this.#clock.after(Math.ceil(delayMs), () => this.#fire());
  }

  #fire(): void {
    const now = this.#clock.monotonic();
    // What begins while others expire comes last, so it is met here and needs no timer of its own.
    for (let expiring = this.#running.first; expiring !== null; expiring = this.#running.first) {
      if (expiring.endsAt > now) {
        this.#arm(expiring.endsAt - now);
        return;
      }
      this.#running.remove(expiring);
      expiring.expire();
    }
    this.#cancelTimer = null;
  }
}

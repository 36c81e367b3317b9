import type { Rate } from '../config/units.ts';

/**
 * So much of the rate may come at once: a timer that comes late, or a garbage collection, is made up for. Half a second's
 * worth keeps any window below the limit and one second's burst, and a target with a limit of its own hardly notices.
 */
const BURST_MS = 500;

/**
 * Spaces the starts of attempts evenly (the generic cell rate algorithm, ITU-T I.371). In any window of `w` ms there are at
 * most `(w + 500) / interval` starts, or `w / interval + 1` for rates below two a second. Times are monotonic ms.
 */
export class RateLimit {
  #intervalMs: number;
  #toleranceMs: number;
  /** When the next start would be if all of them had kept their distance. */
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(rate: Rate) {
    this.#intervalMs = rate.perMs / rate.amount;
    this.#toleranceMs = Math.max(0, BURST_MS - this.#intervalMs);
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** What was started goes on to count; the next start keeps its new distance from it. */
  change(rate: Rate): void {
    const former = this.#intervalMs;
    this.#intervalMs = rate.perMs / rate.amount;
    this.#toleranceMs = Math.max(0, BURST_MS - this.#intervalMs);
    this.#nextAt += this.#intervalMs - former;
  }

  /** @returns ms until the next attempt may start; 0 when it may now */
  waitMs(now: number): number {
    return Math.max(0, this.#nextAt - this.#toleranceMs - now);
  }

  started(now: number): void {
    this.#nextAt = Math.max(this.#nextAt, now) + this.#intervalMs;
  }

  /** One of the starts came to nothing. */
  undone(): void {
    this.#nextAt -= this.#intervalMs;
  }
}

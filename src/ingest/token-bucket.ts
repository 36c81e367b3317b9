/** Allows a burst, and then a steady rate. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt = 0;

  constructor(rate: { perSecond: number; burst: number }) {
    this.#perMs = rate.perSecond / 1_000;
    this.#burst = rate.burst;
    this.#tokens = rate.burst;
  }

  /** @param now monotonic time, ms */
  take(now: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filledAt) * this.#perMs);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** From the last look on until there is a token again, ms. */
  untilNext(): number {
    return Math.max(0, (1 - this.#tokens) / this.#perMs);
  }
}

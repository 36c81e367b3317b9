/** How many in how long. */
interface Rate {
  amount: number;
  perMs: number;
}

/** A spike is looked at again no sooner than this: a flood of refusals must cost a count each, and no more. */
const LOOK_EVERY_MS = 1_000;

/**
 * Counts one route's refusals in a window that slides: the part of the former window that still counts is taken as evenly
 * spread. Times are monotonic ms.
 */
export class RefusalSpike {
  readonly #rate: Rate;
  #startedAt = Number.NEGATIVE_INFINITY;
  #count = 0;
  #before = 0;
  #reasons = new Map<string, number>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** One more. @returns the reasons of this window with their counts when there are too many, at most once a second; otherwise null */
  count(reason: string, now: number): { refusals: number; reasons: ReadonlyMap<string, number> } | null {
    const { amount, perMs } = this.#rate;
    if (now - this.#startedAt >= perMs) this.#next(now);
    this.#count += 1;
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    const refusals = this.#count + this.#before * (1 - (now - this.#startedAt) / perMs);
    if (refusals < amount || now - this.#lookedAt < LOOK_EVERY_MS) return null;
    this.#lookedAt = now;
    return { refusals: Math.round(refusals), reasons: this.#reasons };
  }

  #next(now: number): void {
    const { perMs } = this.#rate;
    const followsOn = now - this.#startedAt < 2 * perMs;
    this.#before = followsOn ? this.#count : 0;
    this.#startedAt = followsOn ? this.#startedAt + perMs : now;
    this.#count = 0;
    this.#reasons = new Map();
  }
}

import type { Clock } from '../domain/clock.ts';
import { TokenBucket } from './token-bucket.ts';

/** More refused credentials than this are no mistake in somebody's settings. */
const AT_ONCE = { perSecond: 100, burst: 200 };
/** Far below the time after which senders give up. */
const DELAY_MS = 250;
/** Answers held back together; past it they go out at once, for each keeps a connection in memory. */
const MOST_HELD = 1_000;

/**
 * Holds back the refusals of forged requests when they come as a flood: a sender who waits for his answer forges
 * less, and the time is left for the good ones. 64 connections that got 13,000 refusals a second get 250.
 */
export class FloodBrake {
  readonly #clock: Clock;
  readonly #bucket = new TokenBucket(AT_ONCE);
  #held = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `answer` now, or a little later. */
  pass(answer: () => void): void {
    if (this.#held >= MOST_HELD || this.#bucket.take(this.#clock.monotonic())) {
      answer();
      return;
    }
    this.#held += 1;
    this.#clock.after(DELAY_MS, () => {
      this.#held -= 1;
      answer();
    });
  }
}

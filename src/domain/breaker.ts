import { AttemptWindow } from './attempt-window.ts';

/** When a target is taken for down, and when it is asked whether it is back. Times in ms. */
export interface BreakerPolicy {
  /** Failures in a row that open it. */
  failures: number;
  /** Or this share of failures, of at least `minimum` attempts within `windowMs`. */
  share: number;
  minimum: number;
  windowMs: number;
  /** From the opening to the first probe. Each later wait is as long as it has been open so far, at least this. */
  cooldownMs: number;
  longestCooldownMs: number;
}

/**
 * On by default, so it must not make anything later than it would be without it, as far as that can be had:
 * - The first wait is the first one of the default retry schedule: the delivery whose failure opened the breaker would not
 *   have been tried earlier anyway.
 * - Then each wait is as long as the target has been down so far: probes come 5, 10, 20, 40, 80, 160, 320 s after the opening
 *   and then 5 min apart. So being down is never drawn out to more than twice its length, nor by more than 5 min, when the
 *   schedule alone may wait for 6 h.
 * - A target that is down for 10 s of every 20 is found up by the second probe, whenever in those 10 s the breaker opened,
 *   and everything that waited goes out then; the schedule alone would be at 5 s and 15 s. With waits of 30 s it would be
 *   left alone for whole times in which it is up.
 * - A day of being down spends about 290 attempts of all deliveries together.
 * - Ten in a row: where a fifth of all attempts fail by chance that comes once in ten million attempts.
 */
export const DEFAULT_BREAKER: BreakerPolicy = {
  failures: 10,
  share: 0.5,
  minimum: 20,
  windowMs: 60_000,
  cooldownMs: 5_000,
  longestCooldownMs: 300_000,
};

/** `half_open`: one attempt finds out. */
export type BreakerPhase = 'closed' | 'open' | 'half_open';

/** Why it opened. */
export type Trip =
  | { kind: 'in_a_row'; failures: number }
  | { kind: 'share'; failures: number; attempts: number }
  | { kind: 'probe_failed' };

/** When an attempt began is computed from its end and its length; the sum is not exact. */
const ROUNDING_MS = 1;

/**
 * Decides whether attempts on a target may begin. It knows neither clock nor timers: `now` is monotonic ms everywhere, and
 * whoever uses it calls {@link halfOpen} at {@link probeAt}. Attempts that began before the target was last asked say nothing
 * new and are passed over: 16 that hang must not close, open or probe anything when they end.
 */
export class Breaker {
  #policy: BreakerPolicy;
  #window: AttemptWindow;
  #phase: BreakerPhase = 'closed';
  /** Attempts that may run at once; Infinity once it is closed and ramped up. */
  #limit = Number.POSITIVE_INFINITY;
  #running = 0;
  #inARow = 0;
  /** When it opened first; null once it has ramped up again. */
  #downSince: number | null = null;
  #probeAt = 0;
  /** Results of attempts that began earlier do not count. */
  #countsFrom = Number.NEGATIVE_INFINITY;

  constructor(policy: BreakerPolicy) {
    this.#policy = policy;
    this.#window = new AttemptWindow(policy.windowMs);
  }

  get phase(): BreakerPhase {
    return this.#phase;
  }

  /** Attempts that may run at once: 0 open, 1 half open, then 2, 4, … */
  get limit(): number {
    return this.#limit;
  }

  /** When it is open: the time of the next probe. */
  get probeAt(): number {
    return this.#probeAt;
  }

  /** Whether one more attempt may begin. */
  get admits(): boolean {
    return this.#running < this.#limit;
  }

  /** What was counted goes on to count, except over another window. */
  configure(policy: BreakerPolicy): void {
    if (policy.windowMs !== this.#policy.windowMs) this.#window = new AttemptWindow(policy.windowMs);
    this.#policy = policy;
  }

  /** It was open when the process ended. Both times may lie in the past. */
  restore(downSince: number, probeAt: number): void {
    this.#phase = 'open';
    this.#limit = 0;
    this.#downSince = downSince;
    this.#probeAt = probeAt;
  }

  /** An attempt begins. */
  began(): void {
    if (this.#limit !== Number.POSITIVE_INFINITY) this.#running += 1;
  }

  /** An attempt has ended that says nothing about the target. */
  void(startedAt: number): void {
    if (this.#counts(startedAt)) this.#ended();
  }

  /**
   * An attempt has shown that the target works.
   * @param full attempts that the target is given when all is well
   * @returns whether this closed it
   */
  succeeded(now: number, startedAt: number, full: number): boolean {
    if (!this.#counts(startedAt)) return false;
    this.#ended();
    this.#inARow = 0;
    this.#window.add(now, false);
    if (this.#limit === Number.POSITIVE_INFINITY) return false;
    const closes = this.#phase === 'half_open';
    this.#phase = 'closed';
    this.#limit *= 2;
    if (this.#limit >= full) this.#rampedUp();
    return closes;
  }

  /** An attempt has failed by the target's fault. @returns why that opened it, or null */
  failed(now: number, startedAt: number): Trip | null {
    if (!this.#counts(startedAt)) return null;
    this.#ended();
    this.#inARow += 1;
    this.#window.add(now, true);
    const trip = this.#trip();
    if (trip !== null) this.#open(now);
    return trip;
  }

  /** The cooldown is over, or an operator does not want to wait for it. */
  halfOpen(now: number): void {
    this.#phase = 'half_open';
    this.#limit = 1;
    this.#running = 0;
    this.#countsFrom = now - ROUNDING_MS;
  }

  #counts(startedAt: number): boolean {
    return this.#phase !== 'open' && startedAt >= this.#countsFrom;
  }

  #ended(): void {
    if (this.#running > 0) this.#running -= 1;
  }

  #rampedUp(): void {
    this.#limit = Number.POSITIVE_INFINITY;
    this.#running = 0;
    this.#downSince = null;
  }

  #trip(): Trip | null {
    const { failures, share, minimum } = this.#policy;
    if (this.#phase === 'half_open') return { kind: 'probe_failed' };
    // While it ramps up, a whole round of failures is enough.
    if (this.#inARow >= Math.min(failures, this.#limit)) return { kind: 'in_a_row', failures: this.#inARow };
    const { attempts, failures: failed } = this.#window;
    return attempts >= minimum && failed >= share * attempts ? { kind: 'share', failures: failed, attempts } : null;
  }

  #open(now: number): void {
    const { cooldownMs, longestCooldownMs } = this.#policy;
    this.#downSince ??= now;
    this.#phase = 'open';
    this.#limit = 0;
    this.#probeAt = now + Math.min(Math.max(cooldownMs, now - this.#downSince), longestCooldownMs);
    this.#running = 0;
    this.#inARow = 0;
    this.#window.clear();
  }
}

import type { TargetConfig } from '../config/types.ts';
import { Brake } from './brake.ts';
import { type AttemptResult, slowdown } from './classify.ts';
import type { LeaseRoom } from './ports.ts';
import { RateLimit } from './rate-limit.ts';
import { type BreakerOwner, type BreakerParts, type BreakerView, TargetBreaker } from './target-breaker.ts';

/** When fewer are queued, more are leased: at 15,000 attempts a second this is work for 33 ms, and a lease takes less. */
const LEASE_BELOW = 500;

/** A lease takes milliseconds, so work for a second is enough where the rate is what limits. */
const RATE_LEASE_MS = 1_000;

/** A sender in proxy mode is kept waiting when the rate lets its attempt begin within this time. */
const SOON_MS = 1_000;

/**
 * When the next attempt on a target may start: its concurrency, its rate, the bytes of its running attempts, the patience that
 * it asked for, and its breaker. A target without limits pays for a few comparisons.
 */
export class Pace {
  readonly #parts: BreakerParts;
  readonly #owner: BreakerOwner;
  readonly #brake: Brake;
  readonly #breaker: TargetBreaker;
  #concurrency = 1;
  #rate: RateLimit | null = null;
  #mostBytes: number | null = null;
  #running = 0;
  #bytes = 0;
  #cancelTimer: (() => void) | null = null;

  constructor(target: string, parts: BreakerParts, owner: BreakerOwner) {
    this.#parts = parts;
    this.#owner = owner;
    this.#brake = new Brake(parts.clock, () => owner.pump());
    this.#breaker = new TargetBreaker(target, parts, owner);
  }

  /** Takes other limits; what was counted under the former ones stays. */
  configure({ concurrency, limits }: Pick<TargetConfig, 'concurrency' | 'limits'>): void {
    this.#concurrency = concurrency;
    this.#mostBytes = limits.inFlightBytes;
    if (limits.rate === null) this.#rate = null;
    else if (this.#rate === null) this.#rate = new RateLimit(limits.rate);
    else this.#rate.change(limits.rate);
    this.#breaker.configure(limits.breaker);
    this.rest(); // its timer is that of the former rate
  }

  /** Null while the breaker is closed. */
  get breaker(): BreakerView | null {
    return this.#breaker.view;
  }

  /** Whether nothing may start until a probe is due. */
  get isOpen(): boolean {
    return this.#breaker.limit === 0;
  }

  /** Whether nothing may start because the target asked for patience. */
  get braked(): boolean {
    return this.#brake.on;
  }

  /** With so many queued, leasing more makes sense; 0 while nothing may start. */
  get leaseBelow(): number {
    if (this.#brake.on) return 0;
    const byRate = this.#rate === null ? LEASE_BELOW : Math.ceil(RATE_LEASE_MS / this.#rate.intervalMs);
    return Math.min(LEASE_BELOW, byRate, this.#breaker.limit);
  }

  /** What of the room is worth being leased now: where the pace limits, no more than it can soon use. */
  leasable(room: LeaseRoom): LeaseRoom {
    const below = this.leaseBelow;
    return below < LEASE_BELOW && below < room.deliveries ? { ...room, deliveries: below } : room;
  }

  /** How many may wait in memory for new ones to be taken by hand. */
  get handBelow(): number {
    if (this.#brake.on || this.#breaker.phase !== 'closed') return 0;
    const below = this.leaseBelow;
    return below < LEASE_BELOW ? 2 * below : Number.POSITIVE_INFINITY;
  }

  /** Whether an attempt behind so many others may begin soon. */
  startsSoon(queued: number): boolean {
    if (this.#brake.on || this.#breaker.phase !== 'closed') return false;
    if (this.#rate === null) return true;
    return this.#rate.waitMs(this.#parts.clock.monotonic()) + queued * this.#rate.intervalMs <= SOON_MS;
  }

  /** Whether an attempt with so large a body may start now. If only the rate forbids it, the queue is called when it does not. */
  mayStart(bytes: number): boolean {
    if (this.#running >= this.#concurrency || this.#brake.on || !this.#breaker.admits) return false;
    // One that is larger than all the room may run alone.
    if (this.#mostBytes !== null && this.#running > 0 && this.#bytes + bytes > this.#mostBytes) return false;
    return this.#rate === null || this.#rateAllows(this.#rate);
  }

  started(bytes: number): void {
    this.#running += 1;
    this.#bytes += bytes;
    this.#rate?.started(this.#parts.clock.monotonic());
    this.#breaker.began();
  }

  ended(bytes: number, result: AttemptResult): void {
    this.#running -= 1;
    this.#bytes -= bytes;
    if (result.failure === null) this.#brake.succeeded();
    else this.#brake.slow(slowdown(result, this.#parts.clock.now(), this.#brake.round));
    this.#breaker.ended(result, this.#concurrency);
  }

  /** A filter made the attempt needless: the target was not asked, and the start is given back to its rate. */
  passedOver(bytes: number): void {
    this.#running -= 1;
    this.#bytes -= bytes;
    this.#rate?.undone();
    this.#breaker.passedOver();
  }

  /** An operator says that the target is back. */
  probeNow(): void {
    this.#brake.release();
    this.#breaker.probeNow();
  }

  /** Nothing waits any more: no timer is needed for the rate. */
  rest(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  close(): void {
    this.rest();
    this.#brake.close();
    this.#breaker.close();
  }

  #rateAllows(rate: RateLimit): boolean {
    const { clock } = this.#parts;
    const waitMs = rate.waitMs(clock.monotonic());
    if (waitMs <= 0) return true;
    this.#cancelTimer ??= clock.after(Math.ceil(waitMs), () => {
      this.#cancelTimer = null;
      this.#owner.pump();
    });
    return false;
  }
}

import { Breaker, type BreakerPhase, type BreakerPolicy, type Trip } from '../domain/breaker.ts';
import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';
import type { AttemptResult } from './classify.ts';
import type { BreakerRecords, OpenBreaker } from './ports.ts';
import type { Reporter } from './reporter.ts';
import { verdict } from './verdict.ts';

/** What a breaker needs besides its rules. */
export interface BreakerParts {
  clock: Clock;
  logger: Logger;
  reporter: Reporter;
  breakers: BreakerRecords;
}

/** What it tells the queue. */
export interface BreakerOwner {
  /** Nothing may begin any more. */
  opened(): void;
  /** Something may begin again. */
  pump(): void;
}

/** How a breaker that is not closed is shown. Times are wall ms. */
export interface BreakerView {
  state: Exclude<BreakerPhase, 'closed'>;
  since: number;
  reason: string;
  /** Null when the next delivery that is due is the probe. */
  nextProbeAt: number | null;
}

function tripWords(trip: Trip): string {
  switch (trip.kind) {
    case 'in_a_row':
      return trip.failures === 1 ? 'an attempt failed' : `${trip.failures} attempts in a row failed, the last one`;
    case 'share':
      return `${trip.failures} of ${trip.attempts} attempts failed, the last one`;
    case 'probe_failed':
      return 'the probe failed';
    default:
      return trip satisfies never;
  }
}

/** One target's breaker over time: its timer, its record on disk, and what is told of it. */
export class TargetBreaker {
  readonly #target: string;
  readonly #parts: BreakerParts;
  readonly #owner: BreakerOwner;
  /** Null while it is off. */
  #breaker: Breaker | null = null;
  /** Null while it is closed. */
  #open: OpenBreaker | null;
  #cancelTimer: (() => void) | null = null;

  constructor(target: string, parts: BreakerParts, owner: BreakerOwner) {
    this.#target = target;
    this.#parts = parts;
    this.#owner = owner;
    this.#open = parts.breakers.saved.get(target) ?? null;
  }

  get phase(): BreakerPhase {
    return this.#breaker?.phase ?? 'closed';
  }

  /** Attempts that may run at once, Infinity when it has nothing against more. */
  get limit(): number {
    return this.#breaker?.limit ?? Number.POSITIVE_INFINITY;
  }

  get admits(): boolean {
    return this.#breaker?.admits ?? true;
  }

  get view(): BreakerView | null {
    const { phase } = this;
    if (phase === 'closed' || this.#open === null) return null;
    const { since, reason, probeAt } = this.#open;
    return { state: phase, since, reason, nextProbeAt: phase === 'open' ? probeAt : null };
  }

  /** @param policy null turns it off */
  configure(policy: BreakerPolicy | null): void {
    if (policy === null) {
      this.close();
      this.#breaker = null;
      if (this.#open !== null) this.#closed('it was turned off');
    } else if (this.#breaker === null) {
      this.#breaker = new Breaker(policy);
      this.#restore(this.#breaker, policy);
    } else {
      this.#breaker.configure(policy);
    }
  }

  began(): void {
    this.#breaker?.began();
  }

  /** @param full attempts that may run at once when all is well */
  ended(result: AttemptResult, full: number): void {
    const breaker = this.#breaker;
    if (breaker === null) return;
    const now = this.#parts.clock.monotonic();
    const startedAt = now - result.durationMs;
    const says = verdict(result);
    switch (says) {
      case 'works':
        if (breaker.succeeded(now, startedAt, full)) this.#closed('the probe succeeded');
        return;
      case 'fails': {
        const trip = breaker.failed(now, startedAt);
        if (trip !== null) this.#tripped(breaker, `${tripWords(trip)}: ${result.failure?.message}`);
        return;
      }
      case 'nothing':
        breaker.void(startedAt);
        return;
      default:
        says satisfies never;
    }
  }

  /** The attempt was not made: its place is free. */
  passedOver(): void {
    this.#breaker?.void(Number.POSITIVE_INFINITY);
  }

  /** Somebody says that the target is back: it is asked now. */
  probeNow(): void {
    if (this.#breaker?.phase !== 'open') return;
    this.close();
    this.#halfOpen(this.#breaker);
  }

  /** Ends its timer. */
  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  /** What an earlier run left. A probe that was due meanwhile is due now. */
  #restore(breaker: Breaker, { longestCooldownMs }: BreakerPolicy): void {
    if (this.#open === null) return;
    const { clock, logger } = this.#parts;
    const { since, probeAt, reason } = this.#open;
    const now = clock.now();
    const probeInMs = Math.min(Math.max(probeAt - now, 0), longestCooldownMs);
    breaker.restore(clock.monotonic() - Math.max(now - since, 0), clock.monotonic() + probeInMs);
    logger.info({ target: this.#target, reason, probeInMs }, 'breaker is still open');
    this.#arm(breaker, probeInMs);
  }

  #tripped(breaker: Breaker, reason: string): void {
    const { clock, reporter } = this.#parts;
    const before = this.#open;
    const now = clock.now();
    const probeInMs = Math.ceil(breaker.probeAt - clock.monotonic());
    this.#open = { since: before?.since ?? now, reason, probeAt: now + probeInMs };
    this.#keep();
    this.#arm(breaker, probeInMs);
    if (before === null) reporter.breakerOpened(this.#target, reason, probeInMs);
    else reporter.breakerStaysOpen(this.#target, reason, probeInMs);
    this.#owner.opened();
  }

  #closed(reason: string): void {
    const { clock, reporter } = this.#parts;
    const openForMs = clock.now() - (this.#open?.since ?? clock.now());
    this.#open = null;
    this.#keep();
    reporter.breakerClosed(this.#target, reason, openForMs);
  }

  #arm(breaker: Breaker, delayMs: number): void {
    this.close();
    this.#cancelTimer = this.#parts.clock.after(delayMs, () => {
      this.#cancelTimer = null;
      this.#halfOpen(breaker);
    });
  }

  #halfOpen(breaker: Breaker): void {
    breaker.halfOpen(this.#parts.clock.monotonic());
    this.#owner.pump();
  }

  #keep(): void {
    const { breakers, logger } = this.#parts;
    // Not on disk it is forgotten by a restart, no more: it opens again by the same failures.
    const failed = (error: unknown): void => logger.warn({ target: this.#target, err: error }, 'state of a breaker not stored');
    breakers.keep(this.#target, this.#open).catch(failed);
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import { HookbayError } from '../../domain/errors.ts';
import type { GroupCommit } from './group-commit.ts';
import type { HandOff, StoreObserver } from './ports.ts';
import type { CommandResult, DuePlace, OrderedTarget } from './protocol.ts';
import type { RetentionLimits } from './retention-rules.ts';

/** Ages in ms after which finished things go. */
export interface RetentionAges {
  deliveredMs: number;
  deadMs: number;
  rejectionsMs: number;
  /** As `deliveredMs` when left out. */
  filteredMs?: number;
  cancelledMs?: number;
  /** Left out or null: with their events. */
  bodiesMs?: number | null;
  /** Bytes; left out or null: no limit. */
  maxSize?: number | null;
  /** Of routes that have an age of their own. */
  keepMs?: ReadonlyMap<string, number>;
}

/** Between two steps of a sweep, so that appends are never far behind: 400 rows a step make 10,000 rows a second. */
const STEP_PAUSE_MS = 20;
const SWEEP_EVERY_MS = 60_000;

/** Background work, in steps that share commits with everything else. */
export class Upkeep {
  readonly #commits: GroupCommit;
  readonly #handOff: HandOff;
  readonly #now: () => number;
  readonly #observer: Pick<StoreObserver, 'evicted'>;
  #ages: RetentionAges;
  #timer: NodeJS.Timeout | undefined;
  #suspended = false;
  /** As it was told last. */
  #overfull = false;
  #closed = false;
  #lookAtClock: () => void = () => undefined;
  /** Number of the newest configuration to bring things in line with: work for an older one ends. */
  #reconciling = 0;

  constructor(
    commits: GroupCommit,
    handOff: HandOff,
    now: () => number,
    ages: RetentionAges,
    observer: Pick<StoreObserver, 'evicted'>,
  ) {
    this.#observer = observer;
    this.#commits = commits;
    this.#handOff = handOff;
    this.#now = now;
    this.#ages = ages;
  }

  start(): void {
    this.#sweepLater();
  }

  setAges(ages: RetentionAges): void {
    this.#ages = ages;
  }

  /** While the wall clock cannot be trusted nothing is old. */
  suspend(suspended: boolean): void {
    this.#suspended = suspended;
  }

  /** @param look suspends when the clock has just jumped: a sweep must not come before somebody has noticed */
  watchClock(look: () => void): void {
    this.#lookAtClock = look;
  }

  /**
   * The wall clock was set back: everything that waits for a time keeps the wait that it has left. Resolves when all has
   * been moved. @param byMs less than 0, whole @returns how many deliveries were moved
   */
  async clockSetBack(byMs: number): Promise<number> {
    let total = 0;
    let after: DuePlace | null = null;
    do {
      const result: CommandResult = await this.#commits.command({ kind: 'shift-due', byMs, after, now: this.#now() });
      if (result.kind === 'failed') throw new HookbayError({ code: result.code, status: 500, message: result.message });
      if (result.kind !== 'shifted') break;
      total += result.moved;
      after = result.last;
      for (const { target, dueAt } of result.due) this.#handOff.wake(target, dueAt);
    } while (after !== null && !this.#closed);
    return total;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Holds what has lost its target or route, frees what has got it back, and what no longer waits for others. Resolves when all is in line. */
  async reconcile(
    targets: readonly string[],
    routes: readonly string[],
    ordered: readonly OrderedTarget[] = [],
  ): Promise<number> {
    let total = 0;
    this.#reconciling += 1;
    const own = this.#reconciling;
    for (let restart = true; !this.#closed && own === this.#reconciling; restart = false) {
      const now = this.#now();
      const configuration = { targets: [...targets], routes: [...routes], ordered: [...ordered] };
      const result = await this.#commits.command({ kind: 'reconcile', ...configuration, now, restart });
      if (result.kind !== 'moved') break;
      total += result.moved;
      for (const { target, dueAt } of result.due) this.#handOff.wake(target, dueAt);
      if (result.finished) break;
    }
    return total;
  }

  /**
   * Removes what is old, a step at a time. Ends early when the store does not take a step, for example on a full
   * disk: the next sweep tries again.
   * @returns how many events and rejections went
   */
  async sweep(): Promise<number> {
    let removed = 0;
    let evicted = 0;
    let overfull = false;
    for (let restart = true; this.#mayRemove(); restart = false) {
      const step = await this.#retain(restart);
      if (step === null || step.kind !== 'retained') break;
      removed += step.removed;
      evicted += step.evicted;
      overfull ||= step.overfull;
      if (step.finished) break;
      await pause(STEP_PAUSE_MS, undefined, { ref: false });
    }
    if (evicted > 0 || overfull !== this.#overfull) this.#observer.evicted(evicted, overfull);
    this.#overfull = overfull;
    return removed;
  }

  #mayRemove(): boolean {
    this.#lookAtClock();
    return !this.#closed && !this.#suspended;
  }

  #sweepLater(): void {
    this.#timer = setTimeout(() => void this.sweep().finally(() => this.#closed || this.#sweepLater()), SWEEP_EVERY_MS);
    this.#timer.unref();
  }

  async #retain(restart: boolean): Promise<CommandResult | null> {
    const now = this.#now();
    try {
      return await this.#commits.command({ kind: 'retain', ...limitsAt(now, this.#ages), now, restart });
    } catch {
      return null;
    }
  }
}

function limitsAt(now: number, ages: RetentionAges): RetentionLimits {
  const { deliveredMs, deadMs, rejectionsMs, filteredMs, cancelledMs, bodiesMs, maxSize, keepMs } = ages;
  return {
    deliveredBefore: now - deliveredMs,
    deadBefore: now - deadMs,
    rejectionsBefore: now - rejectionsMs,
    filteredBefore: now - (filteredMs ?? deliveredMs),
    cancelledBefore: now - (cancelledMs ?? deliveredMs),
    keepBefore: new Map([...(keepMs ?? [])].map(([route, ms]) => [route, now - ms])),
    ...(typeof bodiesMs === 'number' && { bodiesBefore: now - bodiesMs }),
    ...(typeof maxSize === 'number' && { maxBytes: maxSize }),
  };
}

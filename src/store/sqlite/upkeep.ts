import type { GroupCommit } from './group-commit.ts';
import type { HandOff } from './ports.ts';
import type { CommandResult } from './protocol.ts';

/** Ages in ms after which finished things go. */
export interface RetentionAges {
  deliveredMs: number;
  deadMs: number;
  rejectionsMs: number;
}

/** Between two steps of a sweep, so that appends are never far behind: 400 rows a step make 10,000 rows a second. */
const STEP_PAUSE_MS = 20;
const SWEEP_EVERY_MS = 60_000;

/** Background work, in steps that share commits with everything else. */
export class Upkeep {
  readonly #commits: GroupCommit;
  readonly #handOff: HandOff;
  readonly #now: () => number;
  #ages: RetentionAges;
  #timer: NodeJS.Timeout | undefined;
  #suspended = false;
  #closed = false;

  constructor(commits: GroupCommit, handOff: HandOff, now: () => number, ages: RetentionAges) {
    this.#commits = commits;
    this.#handOff = handOff;
    this.#now = now;
    this.#ages = ages;
  }

  start(): void {
    this.#next(SWEEP_EVERY_MS, true);
  }

  setAges(ages: RetentionAges): void {
    this.#ages = ages;
  }

  /** While the wall clock cannot be trusted nothing is old. */
  suspend(suspended: boolean): void {
    this.#suspended = suspended;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Holds what has lost its target or route, and frees what has got it back. Resolves when all is in line. */
  async reconcile(targets: readonly string[], routes: readonly string[]): Promise<number> {
    let total = 0;
    while (!this.#closed) {
      const now = this.#now();
      const result = await this.#commits.command({ kind: 'reconcile', targets: [...targets], routes: [...routes], now });
      if (result.kind !== 'moved' || result.moved === 0) break;
      total += result.moved;
      for (const { target, dueAt } of result.due) this.#handOff.wake(target, dueAt);
    }
    return total;
  }

  #next(delayMs: number, restart: boolean): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#step(restart), delayMs);
    this.#timer.unref();
  }

  async #step(restart: boolean): Promise<void> {
    if (this.#suspended) {
      this.#next(SWEEP_EVERY_MS, true);
      return;
    }
    const result = await this.#retain(restart);
    const finished = result === null || result.kind !== 'retained' || result.finished;
    this.#next(finished ? SWEEP_EVERY_MS : STEP_PAUSE_MS, finished);
  }

  /** @returns null when the store did not take the step, for example on a full disk: the next sweep tries again */
  async #retain(restart: boolean): Promise<CommandResult | null> {
    const now = this.#now();
    const { deliveredMs, deadMs, rejectionsMs } = this.#ages;
    const limits = { deliveredBefore: now - deliveredMs, deadBefore: now - deadMs, rejectionsBefore: now - rejectionsMs };
    try {
      return await this.#commits.command({ kind: 'retain', ...limits, now, restart });
    } catch {
      return null;
    }
  }
}

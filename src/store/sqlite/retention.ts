import type { Database, Statement } from 'better-sqlite3';
import { BODY_GONE, type EventRemoval, GONE, isKeyKnown, type KeptEvent } from './event-removal.ts';
import type { CommandResult } from './protocol.ts';
import { agesOf, isContentOld, isDone, isOld, type RetentionLimits } from './retention-rules.ts';
import type { Tallies } from './tallies.ts';

/** A step stays near this, because appends wait for it: 100 rows took 1.1 ms, 1,000 rows 10 ms, 5,000 rows 137 ms. */
const STEP_MS = 3;
const LEAST_ROWS = 10;
const MOST_ROWS = 400;
/** Pages given back to the file system a step. */
const VACUUM_PAGES = 64;
/** Rows that the slow walk looks at in one sweep: 29 million a day. */
const WALK_ROWS = 20_000;
/** About what an event takes beside its body: its rows, its head, its deliveries. */
const EVENT_OVERHEAD_BYTES = 1_200;

/**
 * - `age`: events that have grown older than `before` since the last sweep
 * - `walk`: all that are older than the shortest age, a part each sweep, for those that were not finished when their age came
 * - `size`: the oldest, while the database is too large
 */
type Pass = { kind: 'age'; index: number; before: number } | { kind: 'walk'; before: number; left: number } | { kind: 'size' };

type Taken = 'done' | 'young' | 'stop';

interface Progress {
  removed: number;
  emptied: number;
  evicted: number;
  scanned: number;
}

/**
 * Removes what is old, oldest first, in small steps. An event goes when all its deliveries are old; its row stays
 * as long as its dedup key is known. Anything pending or held stays.
 */
export class Retention {
  readonly #db: Database;
  readonly #tallies: Tallies;
  readonly #removal: EventRemoval;
  readonly #deleteRejections: Statement;
  /** Where each pass goes on; those of the ages by their rank. */
  readonly #places = new Map<string, number>();
  #passes: Pass[] = [];
  #rows = 100;
  #overfull = false;

  constructor(db: Database, tallies: Tallies, removal: EventRemoval) {
    this.#db = db;
    this.#tallies = tallies;
    this.#removal = removal;
    // Looks at the oldest only: behind a young one all are, and after a flood there are 10,000 of 4 KiB. Those of a clock that
    // once ran ahead are stepped over.
    this.#deleteRejections = db.prepare(
      'DELETE FROM rejections WHERE seq IN (SELECT seq FROM (SELECT seq, at FROM rejections WHERE at <= ? ORDER BY seq LIMIT ?) WHERE at < ?)',
    );
  }

  /**
   * One step of a sweep over the events.
   * @param restart begin a new sweep
   */
  step(limits: RetentionLimits, now: number, restart: boolean): CommandResult {
    if (restart) this.#begin(limits);
    const started = performance.now();
    const progress: Progress = { removed: 0, emptied: 0, evicted: 0, scanned: 0 };
    const [pass] = this.#passes;
    const isOver = pass === undefined || this.#run(pass, limits, now, progress, started + STEP_MS);
    if (isOver) this.#passes.shift();
    progress.removed += this.#deleteRejections.run(now, this.#rows, limits.rejectionsBefore).changes;
    const { removed, emptied, evicted, scanned } = progress;
    const finished = this.#passes.length === 0 && removed < this.#rows;
    if (removed > 0) this.#tallies.saveNumbers();
    if (removed + emptied > 0 || finished) this.#db.pragma(`incremental_vacuum(${VACUUM_PAGES})`);
    const ms = performance.now() - started;
    this.#rows = Math.round(
      Math.min(Math.max((this.#rows * STEP_MS) / Math.max(ms, 0.1), LEAST_ROWS), MOST_ROWS, this.#rows * 2),
    );
    return { kind: 'retained', removed, scanned, finished, evicted, overfull: finished && this.#overfull };
  }

  #begin(limits: RetentionLimits): void {
    const ages = agesOf(limits);
    this.#overfull = false;
    this.#passes = ages.map((before, index) => ({ kind: 'age', index, before }));
    this.#passes.push({ kind: 'walk', before: ages.at(-1) ?? 0, left: WALK_ROWS });
    if (limits.maxBytes !== undefined) this.#passes.push({ kind: 'size' });
  }

  /** @returns whether the pass has come to its end */
  #run(pass: Pass, limits: RetentionLimits, now: number, progress: Progress, deadline: number): boolean {
    switch (pass.kind) {
      case 'age':
        return this.#each(`age ${pass.index}`, deadline, progress, (event) => this.#take(event, pass, limits, now, progress));
      case 'walk': {
        const isOver = this.#each('walk', deadline, progress, (event) => this.#take(event, pass, limits, now, progress));
        pass.left -= progress.scanned;
        if (isOver) this.#places.delete('walk');
        return isOver || pass.left <= 0;
      }
      case 'size':
        return this.#shrink(limits.maxBytes ?? Number.POSITIVE_INFINITY, now, progress, deadline);
      default:
        return pass satisfies never;
    }
  }

  /**
   * Goes on over the events of a pass. Events lie in the order in which they came, give or take a few: behind a young one
   * the rest of the step is looked at, and the next sweep begins there.
   * @returns whether the pass has come to its end
   */
  #each(name: string, deadline: number, progress: Progress, take: (event: KeptEvent) => Taken): boolean {
    const events = this.#removal.eventsAfter(this.#places.get(name) ?? 0, this.#rows);
    let wasYoung = false;
    for (const event of events) {
      const taken = take(event);
      if (taken === 'stop') return false;
      wasYoung ||= taken === 'young';
      progress.scanned += 1;
      if (!wasYoung) this.#places.set(name, event.seq);
      if (performance.now() >= deadline) return wasYoung;
    }
    return wasYoung || events.length < this.#rows;
  }

  #take(event: KeptEvent, { before }: { before: number }, limits: RetentionLimits, now: number, progress: Progress): Taken {
    if (event.received_at >= before) return 'young';
    this.#consider(event, limits, now, progress);
    return 'done';
  }

  #consider(event: KeptEvent, limits: RetentionLimits, now: number, progress: Progress): void {
    const deliveries = this.#removal.deliveriesOf(event);
    if (event.gone === GONE) {
      // With its deliveries: somebody deleted it, and what became of them stays for its time.
      if (deliveries.length === 0 ? isKeyKnown(event, now) : !isOld(event, deliveries, limits)) return;
    } else if (!isOld(event, deliveries, limits)) {
      if (event.gone === BODY_GONE || !isContentOld(deliveries, limits)) return;
      this.#removal.removeContent(event);
      progress.emptied += 1;
      return;
    }
    this.#removal.remove(event, deliveries, now);
    progress.removed += 1;
  }

  /** Removes the oldest finished events until the pages in use are few enough, or nothing is left that may go. */
  #shrink(maxBytes: number, now: number, progress: Progress, deadline: number): boolean {
    let excess = this.#usedBytes() - maxBytes;
    if (excess <= 0) return true;
    const isOver = this.#each('size', deadline, progress, (event) => {
      if (excess <= 0) return 'stop';
      if (event.gone === GONE) return 'done';
      const deliveries = this.#removal.deliveriesOf(event);
      if (!deliveries.every(({ status }) => isDone(status))) return 'done';
      this.#removal.remove(event, deliveries, now);
      excess -= EVENT_OVERHEAD_BYTES + (event.gone === BODY_GONE ? 0 : event.size);
      progress.removed += 1;
      progress.evicted += 1;
      return 'done';
    });
    if (!isOver) return false; // looks again at what is in use
    // Those that were pending when they were passed may be finished by the next sweep.
    this.#places.delete('size');
    this.#overfull = this.#usedBytes() > maxBytes;
    return true;
  }

  #usedBytes(): number {
    const [pages, free, size] = ['page_count', 'freelist_count', 'page_size'].map((name) =>
      Number(this.#db.pragma(name, { simple: true })),
    ) as [number, number, number];
    return (pages - free) * size;
  }
}

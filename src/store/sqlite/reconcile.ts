import type { Database, Statement } from 'better-sqlite3';
import { type Bounds, boundsOf } from './bounds.ts';
import { byIndex } from './delivery-filter.ts';
import { type DeliveryRows, earliestDue } from './delivery-rows.ts';
import type { CommandResult, DueChange } from './protocol.ts';

/** Rows a step; a step is one part of a commit that others wait for (about 2 ms). */
const STEP_ROWS = 200;

const GONE_REASONS = ['target_removed', 'route_removed'] as const;
type GoneReason = (typeof GONE_REASONS)[number];

interface Group {
  route: string;
  target: string;
}

/** Rows that a step may look at where no index leads to those of one route (about 1 ms). */
const WINDOW_ROWS = 5_000;

interface Sweep {
  group: Group;
  position: number;
}

/**
 * Brings deliveries in line with the configuration, a step at a time: those whose target or route is gone are
 * held, those that were held for it and whose target and route are back become pending.
 */
export class Reconciler {
  readonly #rows: DeliveryRows;
  readonly #groups: Statement;
  readonly #ofTarget: Statement;
  readonly #ofRoute: Statement;
  readonly #held: Statement;
  readonly #bounds: () => Bounds;
  /** Groups whose route is gone, still to be gone through; null before the first step. */
  #sweeps: Sweep[] | null = null;

  /** @param allKeys whether no key is missing, so that what was held for one may go on */
  constructor(db: Database, rows: DeliveryRows, allKeys: boolean) {
    const freed = [...GONE_REASONS, ...(allKeys ? ['key_missing'] : [])];
    this.#rows = rows;
    this.#groups = db.prepare('SELECT route, target FROM delivery_counts WHERE status = ? AND count > 0');
    this.#ofTarget = db.prepare("SELECT seq FROM deliveries WHERE status = 'pending' AND target = ? LIMIT ?").pluck();
    this.#ofRoute = db
      .prepare(
        "SELECT seq FROM deliveries WHERE seq >= ? AND seq < ? AND status = 'pending' AND target = ? AND route = ? LIMIT ?",
      )
      .pluck();
    this.#held = db
      .prepare(
        `SELECT seq FROM deliveries WHERE ${byIndex('held')} AND target = ? AND route = ? AND reason IN ('${freed.join("', '")}') LIMIT ?`,
      )
      .pluck();
    this.#bounds = boundsOf(db, 'deliveries');
  }

  /** @param restart begin anew, with another configuration */
  step(targets: ReadonlySet<string>, routes: ReadonlySet<string>, now: number, restart: boolean): CommandResult {
    const pending = this.#groups.all('pending') as Group[];
    if (restart || this.#sweeps === null) {
      const { bottom } = this.#bounds();
      const withoutRoute = pending.filter(({ route, target }) => targets.has(target) && !routes.has(route));
      this.#sweeps = withoutRoute.map((group) => ({ group, position: bottom }));
    }
    let moved = 0;
    for (const target of new Set(pending.map((group) => group.target))) {
      if (!targets.has(target)) moved += this.#holdOfTarget(target, STEP_ROWS - moved, now);
    }
    const [sweep] = this.#sweeps;
    if (sweep !== undefined) moved += this.#holdOfRoute(sweep, this.#sweeps, STEP_ROWS - moved, now);
    const due: DueChange[] = [];
    for (const { route, target } of this.#groups.all('held') as Group[]) {
      if (!targets.has(target) || !routes.has(route)) continue;
      const released = this.#release(this.#held.all(target, route, STEP_ROWS - moved) as number[], now);
      if (released > 0) due.push({ target, dueAt: now });
      moved += released;
    }
    const finished = moved < STEP_ROWS && this.#sweeps.length === 0;
    return { kind: 'moved', moved, due: earliestDue(due), finished };
  }

  #holdOfTarget(target: string, limit: number, now: number): number {
    return this.#hold(this.#ofTarget.all(target, limit) as number[], 'target_removed', now);
  }

  #holdOfRoute(sweep: Sweep, sweeps: Sweep[], limit: number, now: number): number {
    const { top } = this.#bounds();
    const end = sweep.position + WINDOW_ROWS;
    const found = this.#ofRoute.all(sweep.position, end, sweep.group.target, sweep.group.route, limit) as number[];
    sweep.position = found.length === limit ? (found.at(-1) ?? sweep.position) : end;
    if (sweep.position >= top) sweeps.shift();
    return this.#hold(found, 'route_removed', now);
  }

  #hold(rows: readonly number[], reason: GoneReason, now: number): number {
    return rows.filter((seq) => this.#change(seq, { kind: 'hold', reason }, now)).length;
  }

  #release(rows: readonly number[], now: number): number {
    return rows.filter((seq) => this.#change(seq, { kind: 'release' }, now)).length;
  }

  #change(seq: number, change: { kind: 'hold'; reason: GoneReason } | { kind: 'release' }, now: number): boolean {
    const delivery = this.#rows.read(seq);
    return delivery !== null && this.#rows.change(seq, delivery, change, now).ok;
  }
}

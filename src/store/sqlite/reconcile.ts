import type { Database, Statement } from 'better-sqlite3';
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

/**
 * Brings deliveries in line with the configuration, a step at a time: those whose target or route is gone are
 * held, those that were held for it and whose target and route are back become pending.
 */
export class Reconciler {
  readonly #rows: DeliveryRows;
  readonly #groups: Statement;
  readonly #pending: Statement;
  readonly #held: Statement;

  constructor(db: Database, rows: DeliveryRows) {
    this.#rows = rows;
    this.#groups = db.prepare('SELECT route, target FROM delivery_counts WHERE status = ? AND count > 0');
    this.#pending = db.prepare("SELECT seq FROM deliveries WHERE status = 'pending' AND target = ? AND route = ? LIMIT ?");
    this.#held = db.prepare(
      `SELECT seq FROM deliveries WHERE status = 'held' AND target = ? AND route = ? AND reason IN ('${GONE_REASONS.join("', '")}') LIMIT ?`,
    );
  }

  /** @returns how many were moved; 0 when all is in line */
  step(targets: ReadonlySet<string>, routes: ReadonlySet<string>, now: number): CommandResult {
    const due: DueChange[] = [];
    let moved = 0;
    const missing = (group: Group): GoneReason | null => {
      if (!targets.has(group.target)) return 'target_removed';
      return routes.has(group.route) ? null : 'route_removed';
    };
    for (const group of this.#groups.all('pending') as Group[]) {
      const reason = missing(group);
      if (reason !== null && moved < STEP_ROWS) moved += this.#hold(group, reason, STEP_ROWS - moved, now);
    }
    for (const group of this.#groups.all('held') as Group[]) {
      if (missing(group) !== null || moved >= STEP_ROWS) continue;
      const released = this.#release(group, STEP_ROWS - moved, now);
      if (released > 0) due.push({ target: group.target, dueAt: now });
      moved += released;
    }
    return { kind: 'moved', moved, due: earliestDue(due) };
  }

  #hold(group: Group, reason: GoneReason, limit: number, now: number): number {
    return this.#each(this.#pending, group, limit, (seq) => this.#change(seq, { kind: 'hold', reason }, now));
  }

  #release(group: Group, limit: number, now: number): number {
    return this.#each(this.#held, group, limit, (seq) => this.#change(seq, { kind: 'release' }, now));
  }

  #each(find: Statement, group: Group, limit: number, change: (seq: number) => boolean): number {
    const rows = find.all(group.target, group.route, limit) as { seq: number }[];
    return rows.filter(({ seq }) => change(seq)).length;
  }

  #change(seq: number, change: { kind: 'hold'; reason: GoneReason } | { kind: 'release' }, now: number): boolean {
    const delivery = this.#rows.read(seq);
    return delivery !== null && this.#rows.change(seq, delivery, change, now).ok;
  }
}

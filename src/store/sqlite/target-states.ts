import type { Database, Statement } from 'better-sqlite3';

/** A target whose breaker is open. Times are wall ms. */
export interface OpenBreakerRow {
  since: number;
  reason: string;
  probeAt: number;
}

/** Whose breakers are open. Runs inside the batch's transaction. */
export class TargetStates {
  readonly #keep: Statement;
  readonly #forget: Statement;

  constructor(db: Database) {
    this.#keep = db.prepare('INSERT OR REPLACE INTO target_states VALUES (?, ?, ?, ?)');
    this.#forget = db.prepare('DELETE FROM target_states WHERE name = ?');
  }

  keep(target: string, breaker: OpenBreakerRow | null): void {
    if (breaker === null) this.#forget.run(target);
    else this.#keep.run(target, breaker.since, breaker.reason, breaker.probeAt);
  }
}

export function openBreakers(db: Database): [target: string, breaker: OpenBreakerRow][] {
  const rows = db.prepare('SELECT name, since, reason, probe_at AS probeAt FROM target_states').all() as (OpenBreakerRow & {
    name: string;
  })[];
  return rows.map(({ name, ...breaker }) => [name, breaker]);
}

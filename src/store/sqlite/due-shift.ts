import type { Database, Statement } from 'better-sqlite3';
import { type DeliveryRows, earliestDue } from './delivery-rows.ts';
import type { CommandResult, DueChange, DuePlace } from './protocol.ts';

/** Rows a step; a step is one part of a commit that others wait for (about 2 ms). */
const STEP_ROWS = 200;

interface Row {
  seq: number;
  due_at: number;
}

/**
 * Moves due times along with a wall clock that was set back, so that what waits has the wait left that it had. Goes up by due
 * time: what was moved lies below where it is, and is not met again.
 */
export class DueShift {
  readonly #rows: DeliveryRows;
  readonly #targets: Statement;
  readonly #later: Statement;

  constructor(db: Database, rows: DeliveryRows) {
    this.#rows = rows;
    this.#targets = db
      .prepare(
        "SELECT DISTINCT target FROM delivery_counts WHERE status = 'pending' AND count > 0 AND target >= ? ORDER BY target",
      )
      .pluck();
    this.#later = db.prepare(`SELECT seq, due_at FROM deliveries
      WHERE status = 'pending' AND target = ? AND (due_at, seq) > (?, ?) ORDER BY due_at, seq LIMIT ?`);
  }

  /**
   * @param byMs how far the clock went, so less than 0
   * @param after where the step before ended; null for the first
   */
  step(byMs: number, after: DuePlace | null, now: number): CommandResult {
    const due: DueChange[] = [];
    let moved = 0;
    let last = after;
    for (const target of this.#targets.all(after?.target ?? '') as string[]) {
      const from = after?.target === target ? after : { dueAt: now, seq: Number.MAX_SAFE_INTEGER };
      for (const { seq, due_at: dueAt } of this.#later.all(target, from.dueAt, from.seq, STEP_ROWS - moved) as Row[]) {
        const delivery = this.#rows.read(seq);
        if (delivery !== null) this.#rows.change(seq, delivery, { kind: 'clock-set-back', byMs }, now);
        due.push({ target, dueAt: dueAt + byMs });
        last = { target, dueAt, seq };
        moved += 1;
      }
      if (moved === STEP_ROWS) break;
    }
    return { kind: 'shifted', moved, due: earliestDue(due), last: moved === STEP_ROWS ? last : null };
  }
}

import type { Database, Statement } from 'better-sqlite3';
import type { CommandResult } from './protocol.ts';
import type { TaskCommand } from './task-protocol.ts';

/**
 * The rows of exports. Their lines are in a file, so the order is: lines written and synced, then the position here. What the file
 * has past `file_bytes` is cut off by the next step.
 */
export class ExportTasks {
  readonly #advance: Statement;
  readonly #drop: Statement;
  readonly #restart: Statement;

  constructor(db: Database) {
    // A step that was begun before the export was cancelled or began anew finds no row.
    this.#advance = db.prepare(`UPDATE tasks SET position = position + ?, done = done + ?, failed = failed + ?, file_bytes = ?
      WHERE seq = ? AND kind = 'export' AND status = 'running' AND position = ? AND restarts = ? RETURNING position, matched`);
    this.#drop = db.prepare(
      "UPDATE tasks SET file_dropped = 1 WHERE kind = 'export' AND status = 'completed' AND file_dropped = 0",
    );
    this.#restart = db.prepare(`UPDATE tasks SET position = 0, done = 0, failed = 0, file_bytes = 0, restarts = restarts + 1
      WHERE kind = 'export' AND status = 'running'`);
  }

  advance({ task, from, done, failed, bytes }: TaskCommand & { kind: 'export-advance' }): CommandResult {
    const moved = this.#advance.get(done + failed, done, failed, bytes, task, from.position, from.restarts);
    if (moved === undefined) return { kind: 'missing' };
    const { position, matched } = moved as { position: number; matched: number };
    return { kind: 'advanced', finished: position >= matched };
  }

  drop(): void {
    this.#drop.run();
    this.#restart.run();
  }
}

import type { Database, Statement } from 'better-sqlite3';
import type { NewAuditEntry } from '../../domain/audit.ts';
import type { GroupCommit } from './group-commit.ts';

/** The newest so many are kept: years of what people do, and no more than a few MB of what a program does. */
const MOST_ROWS = 10_000;

/** Keeps what was done. Runs inside the batch's transaction. */
export class AuditRows {
  readonly #insert: Statement;
  readonly #trim: Statement;

  constructor(db: Database) {
    this.#insert = db.prepare('INSERT INTO audit VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)');
    this.#trim = db.prepare('DELETE FROM audit WHERE seq <= ?');
  }

  record({ at, actor, peer, action, subject, status, detail }: NewAuditEntry): void {
    const { lastInsertRowid } = this.#insert.run(at, actor, peer, action, subject, status, detail);
    this.#trim.run(Number(lastInsertRowid) - MOST_ROWS);
  }
}

/** Keeps entries without anybody waiting; while the store takes nothing they are in the log only. */
export function auditLog(commits: GroupCommit): { record(entry: NewAuditEntry): void } {
  return {
    record: (entry) => void commits.command({ kind: 'audit', entry }).catch(() => undefined),
  };
}

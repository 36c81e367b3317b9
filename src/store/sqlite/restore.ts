import { closeSync, copyFileSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { HookbayError } from '../../domain/errors.ts';
import { lockDatabase } from './lock.ts';
import { MIGRATIONS } from './migrations/index.ts';

/** What a copy of a database holds. */
export interface CopyReport {
  databaseId: string;
  events: number;
  /** Wall ms of the newest event's arrival, or null when there is none. */
  newestAt: number | null;
  /** Deliveries that will be attempted after a start over it. */
  pending: number;
}

/**
 * Looks whether a file is a whole database of this program.
 * @throws HookbayError `backup_unreadable`, `backup_damaged`, `not_a_backup`, `database_too_new`
 */
export function inspectCopy(file: string): CopyReport {
  let db: Database;
  try {
    db = new Sqlite(file, { readonly: true, fileMustExist: true });
  } catch (error) {
    throw fault('backup_unreadable', `${file} cannot be opened: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    return inspect(db, file);
  } catch (error) {
    if (error instanceof HookbayError) throw error;
    throw fault('not_a_backup', `${file} is not a database of Hookbay, or is damaged`);
  } finally {
    db.close();
  }
}

function inspect(db: Database, file: string): CopyReport {
  const version = Number(db.pragma('user_version', { simple: true }));
  const one = (sql: string): unknown => db.prepare(sql).pluck().get();
  const databaseId = one("SELECT value FROM meta WHERE key = 'database_id'");
  if (typeof databaseId !== 'string') throw fault('not_a_backup', `${file} is not a database of Hookbay`);
  if (version > MIGRATIONS.length) {
    throw fault(
      'database_too_new',
      `${file} was written by a newer Hookbay (schema ${version}, known up to ${MIGRATIONS.length})`,
    );
  }
  const verdict = db.pragma('quick_check(1)', { simple: true });
  if (verdict !== 'ok') throw fault('backup_damaged', `${file} is damaged: ${String(verdict)}`);
  return {
    databaseId,
    events: Number(one('SELECT count(*) FROM events WHERE gone <> 1')),
    newestAt: one('SELECT received_at FROM events ORDER BY seq DESC LIMIT 1') as number | null,
    pending: Number(one("SELECT coalesce(sum(count), 0) FROM delivery_counts WHERE status = 'pending'")),
  };
}

/**
 * Puts a copy in the place of a database that is not there.
 * @throws HookbayError what {@link inspectCopy} throws, `database_exists` when anything is there, `database_locked` when a relay runs over it
 */
export function restoreCopy(copy: string, file: string): CopyReport {
  const report = inspectCopy(copy);
  mkdirSync(dirname(file), { recursive: true });
  const unlock = lockDatabase(file);
  try {
    const there = [file, `${file}-wal`].find((path) => existsSync(path));
    if (there !== undefined) {
      const hint = `Move it away first, with the files beside it: \`mv ${dirname(file)} ${dirname(file)}.old\`.`;
      throw fault('database_exists', `${there} is there, and would be lost`, hint);
    }
    // Under another name until it is whole and on disk.
    const part = `${file}.restoring`;
    rmSync(part, { force: true });
    copyFileSync(copy, part);
    synchronise(part);
    inspectCopy(part);
    renameSync(part, file);
    synchronise(dirname(file));
    return report;
  } finally {
    unlock();
  }
}

/** Makes sure that a file, or what is in a folder, is there after a power loss. */
export function synchronise(path: string): void {
  const fd = openSync(path, 'r');
  fsyncSync(fd);
  closeSync(fd);
}

function fault(code: string, message: string, hint?: string): HookbayError {
  const problem = { code, status: 409, message };
  return new HookbayError(hint === undefined ? problem : { ...problem, hint });
}

import Sqlite from 'better-sqlite3';
import { HookbayError } from '../../domain/errors.ts';

/** `data/hookbay.db` is locked by `data/hookbay.lock.db`. */
export function lockFileOf(file: string): string {
  return file.replace(/(\.db)?$/, '.lock.db');
}

/**
 * Takes the lock that one process may hold on a database; the operating system frees it when the process
 * ends, however it ends. A separate file, because the database's own locks come and go with each transaction.
 * @returns what frees it
 * @throws HookbayError `database_locked`
 */
export function lockDatabase(file: string): () => void {
  const lock = new Sqlite(lockFileOf(file), { timeout: 0 });
  try {
    lock.pragma('journal_mode = DELETE');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!(error instanceof Sqlite.SqliteError) || !error.code.startsWith('SQLITE_BUSY')) throw error;
    throw new HookbayError({
      code: 'database_locked',
      status: 500,
      message: `${file} is in use by another Hookbay process`,
      hint: 'Stop that one first, or give this one a database of its own (storage.url).',
    });
  }
  return () => lock.close();
}

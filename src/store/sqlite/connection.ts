import Sqlite, { type Database } from 'better-sqlite3';
import { HookbayError } from '../../domain/errors.ts';

/**
 * Waiting for the other thread's checkpoint to let go of the write lock (1-2 ms as a rule), not for other
 * processes: those are kept out by the lock file.
 */
const WRITER_BUSY_MS = 3_000;

/** A log that grew past this under a long reader gives its room back when it begins anew. */
const LOG_FILE_BYTES = 64 * 1024 * 1024;

/**
 * In KiB. Appends touch the ends of the tables, and dedup keys are folded in sorted order, so little is read twice; what
 * falls out is in the system's cache. 32 MiB made the relay no faster.
 */
const WRITER_CACHE_KIB = 8_192;
const READER_CACHE_KIB = 4_096;

function set(db: Database, pragma: string, value: string | number, expected: string | number): void {
  db.pragma(`${pragma} = ${value}`);
  const actual = db.pragma(pragma, { simple: true });
  if (actual !== expected) {
    throw new HookbayError({
      code: 'storage_setting_refused',
      status: 500,
      message: `${db.name}: ${pragma} is ${String(actual)} after it was set to ${value}; durability depends on it`,
      hint: 'The database must lie on a local file system that supports shared memory and locks.',
    });
  }
}

/**
 * Opens the connection that writes. FULL, because with NORMAL a power loss takes acknowledged rows.
 * Each setting that durability depends on is read back.
 */
export function openWriter(file: string): Database {
  const db = new Sqlite(file, { timeout: WRITER_BUSY_MS });
  db.pragma('auto_vacuum = INCREMENTAL'); // takes effect only before the first table
  set(db, 'journal_mode', 'WAL', 'wal');
  set(db, 'synchronous', 'FULL', 2);
  set(db, 'wal_autocheckpoint', 0, 0);
  // Whatever is removed is overwritten with zeros, in its page and with it: a deletion must leave no byte behind.
  set(db, 'secure_delete', 'ON', 1);
  db.pragma(`journal_size_limit = ${LOG_FILE_BYTES}`);
  db.pragma(`cache_size = -${WRITER_CACHE_KIB}`);
  db.pragma('temp_store = MEMORY');
  return db;
}

/** Opens the connection for bounded reads and for checkpoints; it changes no row. */
export function openReader(file: string): Database {
  const db = new Sqlite(file, { timeout: 0, fileMustExist: true });
  set(db, 'synchronous', 'FULL', 2); // a checkpoint must have fsynced before the WAL may be written over
  set(db, 'wal_autocheckpoint', 0, 0);
  db.pragma(`cache_size = -${READER_CACHE_KIB}`);
  db.pragma('temp_store = MEMORY');
  return db;
}

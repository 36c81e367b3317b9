import { SqliteError } from 'better-sqlite3';

/**
 * - `row`: this row or command only
 * - `disk_full`: nothing was stored; can be tried again when there is room
 * - `busy`: a checkpoint or a foreign process had the write lock for too long
 * - `broken`: the file or the disk under it; the process must end, because a commit that failed can reappear
 */
export type Severity = 'row' | 'disk_full' | 'busy' | 'broken';

const BROKEN = /^SQLITE_(IOERR|CORRUPT|NOTADB|CANTOPEN|READONLY|PERM|AUTH|PROTOCOL|NOMEM|INTERNAL|NOLFS|FORMAT)/;

export function errorCodeOf(error: unknown): string {
  if (error instanceof SqliteError) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}

export function severityOf(code: string): Severity {
  if (code === 'SQLITE_FULL') return 'disk_full';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return 'busy';
  return BROKEN.test(code) ? 'broken' : 'row';
}

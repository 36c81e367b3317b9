import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, expect, test } from 'vitest';
import { errorCodeOf, severityOf } from '../../src/store/sqlite/sqlite-errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'hookbay-errors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function failureOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return errorCodeOf(error);
  }
  throw new Error('it did not fail');
}

test('a row that breaks a constraint is its own business', () => {
  const db = new Sqlite(':memory:');
  db.exec('CREATE TABLE t (n INTEGER PRIMARY KEY, v INTEGER NOT NULL) STRICT');
  const insert = db.prepare('INSERT INTO t VALUES (?, ?)');
  for (const value of [1.5, 'text', null]) expect(severityOf(failureOf(() => insert.run(1, value)))).toBe('row');
  expect(severityOf(failureOf(() => insert.run(1)))).toBe('row');
});

test('a full database is a full disk', () => {
  const db = new Sqlite(':memory:');
  db.exec('CREATE TABLE t (v BLOB)');
  db.pragma('max_page_count = 3');
  expect(severityOf(failureOf(() => db.exec('INSERT INTO t VALUES (zeroblob(100000))')))).toBe('disk_full');
});

test('a lock that another connection holds is busy', () => {
  const file = join(folder, 'busy.db');
  const [owner, other] = [new Sqlite(file), new Sqlite(file, { timeout: 0 })];
  owner.exec('BEGIN EXCLUSIVE');
  expect(severityOf(failureOf(() => other.exec('BEGIN IMMEDIATE')))).toBe('busy');
  owner.close();
  other.close();
});

test('a file that is no database is broken', () => {
  const file = join(folder, 'text.db');
  writeFileSync(file, 'this is no database, but long enough to be taken for one'.repeat(20));
  expect(severityOf(failureOf(() => new Sqlite(file).pragma('user_version')))).toBe('broken');
});

test.each([
  ['SQLITE_IOERR_FSYNC', 'broken'],
  ['SQLITE_IOERR', 'broken'],
  ['SQLITE_CORRUPT_VTAB', 'broken'],
  ['SQLITE_READONLY_DBMOVED', 'broken'],
  ['SQLITE_CANTOPEN', 'broken'],
  ['SQLITE_BUSY_SNAPSHOT', 'busy'],
  ['SQLITE_LOCKED_SHAREDCACHE', 'busy'],
  ['SQLITE_FULL', 'disk_full'],
  ['SQLITE_CONSTRAINT_UNIQUE', 'row'],
  ['SQLITE_TOOBIG', 'row'],
  ['TypeError', 'row'],
])('%s is %s', (code, severity) => {
  expect(severityOf(code)).toBe(severity);
});

test('what is not from SQLite has its name as its code', () => {
  expect([errorCodeOf(new RangeError('far')), errorCodeOf('text')]).toEqual(['RangeError', 'unknown']);
});

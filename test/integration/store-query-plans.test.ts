import type { Database } from 'better-sqlite3';
import { expect, test } from 'vitest';
import { boundsOf } from '../../src/store/sqlite/bounds.ts';
import { Contents } from '../../src/store/sqlite/contents.ts';
import { DeletionHistory } from '../../src/store/sqlite/history-deletions.ts';
import { DeliveryHistory } from '../../src/store/sqlite/history-deliveries.ts';
import { EventHistory } from '../../src/store/sqlite/history-events.ts';
import { ExportHistory } from '../../src/store/sqlite/history-exports.ts';
import { RecordHistory } from '../../src/store/sqlite/history-records.ts';
import { Writer } from '../../src/store/sqlite/writer.ts';
import { openBareWriter } from '../support/bare-writer.ts';

/** Tables that have a row for each event, delivery or attempt, by name or by a letter: a million rows are nothing special. */
const LARGE = /SCAN (events|event_content|dedup_keys|deliveries|attempts|delivery_order|task_items|[a-z])\b/;

/** @returns how SQLite would go about a statement, step by step */
function plan(db: Database, sql: string): string[] {
  const values = Array.from(sql.match(/\?/g) ?? [], () => null);
  return (db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[]).map(({ detail }) => detail);
}

const isPlanned = (sql: string): boolean => /^\s*(select|insert|update|delete|with)\b/i.test(sql);

/** @returns the statements that are prepared while `work` runs */
function preparedBy(db: Database, work: () => void): string[] {
  const found = new Set<string>();
  const { prepare } = db;
  db.prepare = ((sql: string) => {
    found.add(sql);
    return prepare.call(db, sql);
  }) as Database['prepare'];
  try {
    work();
  } finally {
    db.prepare = prepare;
  }
  return [...found].filter(isPlanned);
}

function scansOf(db: Database, statements: readonly string[]): string[] {
  return statements.flatMap((sql) =>
    plan(db, sql)
      .filter((step) => LARGE.test(step))
      .map((step) => `${step}: ${sql}`),
  );
}

test('no statement of the writer reads a large table from end to end: appends wait for it', () => {
  const bare = openBareWriter();
  try {
    const statements = preparedBy(bare.db, () => new Writer(bare.db));
    expect(statements.length).toBeGreaterThan(80);
    expect(scansOf(bare.db, statements)).toEqual([]);
  } finally {
    bare.remove();
  }
});

test('no statement of the reader that is always ready does so either', () => {
  const bare = openBareWriter();
  try {
    const statements = preparedBy(bare.db, () => {
      const contents = new Contents(bare.db);
      const deliveries = new DeliveryHistory(bare.db, contents);
      const events = new EventHistory(bare.db, deliveries, contents);
      const records = new RecordHistory(bare.db, contents);
      new ExportHistory(bare.db, events);
      new DeletionHistory(bare.db, events, records).deletionPlace();
    });
    expect(statements.length).toBeGreaterThan(10);
    expect(scansOf(bare.db, statements)).toEqual([]);
  } finally {
    bare.remove();
  }
});

test('both ends of a table in one query are a scan, which is seen here; by two queries they are none', () => {
  const bare = openBareWriter();
  try {
    const both = 'SELECT min(seq) AS bottom, max(seq) AS top FROM deliveries';
    expect(scansOf(bare.db, [both])).toEqual([`SCAN deliveries: ${both}`]);
    expect(boundsOf(bare.db, 'deliveries')()).toEqual({ bottom: 1, top: 1 });
  } finally {
    bare.remove();
  }
});

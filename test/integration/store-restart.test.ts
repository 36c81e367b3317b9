import { copyFileSync, existsSync, rmSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseId } from '../../src/domain/ids.ts';
import { openReader, openWriter } from '../../src/store/sqlite/connection.ts';
import { highWaterFileOf } from '../../src/store/sqlite/high-water.ts';
import { migrate } from '../../src/store/sqlite/migrate.ts';
import { MIGRATIONS } from '../../src/store/sqlite/migrations/index.ts';
import { newEvent, openTestStore, type TestStore } from '../support/store.ts';
import { accept, DAY_MS, DELIVERED, leaseAll, leaseOne, RETRY, rowsIn, settle, statusOf } from '../support/store-steps.ts';

let store: TestStore;
beforeEach(async () => {
  store = await openTestStore();
});
afterEach(() => store.remove());

const numberOf = (id: string): number => parseId('evt', id)?.sequence ?? Number.NaN;

describe('a restart', () => {
  test('makes claims void; what was pending is due, under claims of the new process', async () => {
    await accept(store);
    const before = await leaseOne(store);
    store = await store.reopen();
    expect(store.store.report).toMatchObject({ created: false, gap: null, migrationCopy: null });
    const after = await leaseOne(store);
    expect(after).toMatchObject({ id: before.id, attempts: 0, trigger: 'initial', event: { id: before.event.id } });
    expect(await settle(store, after, DELIVERED)).toBe('settled');
    expect(await settle(store, before, DELIVERED)).toBe('stale');
  });

  test('keeps the schedule', async () => {
    await accept(store);
    const leased = await leaseOne(store);
    await settle(store, leased, { kind: 'retry', delayMs: DAY_MS, reason: 'timeout' });
    const dueAt = store.clock.wall + DAY_MS;
    store = await store.reopen();
    store.clock.wall = dueAt - 1;
    expect(await store.store.queue.lease('app', { deliveries: 10, bytes: 1000 })).toEqual({ deliveries: [], nextDueAt: dueAt });
    store.clock.wall = dueAt;
    expect(await leaseOne(store)).toMatchObject({ id: leased.id, attempts: 1, trigger: 'retry' });
  });

  test('misses nothing when the last thing that came could not be stored', async () => {
    await accept(store);
    const planned = [{ kind: 'pending', target: 'app' } as const];
    const refused = await store.store.log.append(newEvent({ receivedAt: store.clock.wall + 0.5 }), planned);
    expect(refused).toEqual({ kind: 'unavailable', reason: 'row_refused' });
    await accept(store); // and its mark is written
    await store.store.log.append(newEvent({ receivedAt: store.clock.wall + 0.5 }), planned);
    store = await store.reopen();
    expect(store.store.report.gap).toBeNull();
  });

  test('keeps paused targets', async () => {
    await store.store.pause('app', 'deploy');
    await store.store.pause('audit', null);
    await store.store.resume('audit');
    const at = store.clock.wall;
    store = await store.reopen();
    expect(store.store.report.paused).toEqual([{ target: 'app', at, reason: 'deploy' }]);
  });

  test('goes on with the numbers, also when every row is gone', async () => {
    const first = await accept(store);
    const last = await accept(store);
    for (const leased of await leaseAll(store)) await settle(store, leased, DELIVERED);
    store.clock.wall += 365 * DAY_MS;
    await store.store.upkeep.sweep();
    expect(rowsIn(store.file, 'SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM deliveries)')).toEqual([[0]]);
    store = await store.reopen();
    expect(store.store.report.gap).toBeNull();
    expect([numberOf(first), numberOf(last), numberOf(await accept(store))]).toEqual([1, 2, 3]);
    expect(parseId('dlv', (await leaseOne(store)).id)?.sequence).toBe(3);
  });
});

describe('an older copy in place of the file', () => {
  /** Three events are in the copy, events 4 to 7 are lost. */
  async function restoreOlder(): Promise<number> {
    for (let i = 0; i < 3; i += 1) await accept(store);
    store = await store.reopen();
    copyFileSync(store.file, `${store.file}.older`);
    for (let i = 0; i < 4; i += 1) await accept(store);
    const lastAt = store.clock.wall;
    await store.store.close();
    copyFileSync(`${store.file}.older`, store.file);
    store = await openTestStore({ file: store.file });
    return lastAt;
  }

  test('is reported with exact numbers, which are not given again', async () => {
    const lastAt = await restoreOlder();
    expect(store.store.report.gap).toEqual({ from: 4, to: 7, lastAt, otherDatabase: false });
    expect(numberOf(await accept(store))).toBe(8);
    store = await store.reopen();
    expect(store.store.report.gap).toBeNull();
    expect(numberOf(await accept(store))).toBe(9);
  });

  test('its lost numbers are not given again when the first batch after it fails', async () => {
    await restoreOlder();
    const refused = await store.store.log.append(newEvent({ receivedAt: 0.5 }), []);
    expect(refused).toEqual({ kind: 'unavailable', reason: 'row_refused' });
    expect(numberOf(await accept(store))).toBeGreaterThan(7);
  });

  test('another database under the same name is told of once, with all that the first one had', async () => {
    for (let i = 0; i < 3; i += 1) await accept(store);
    const lastAt = store.clock.wall;
    await store.store.close();
    rmSync(store.file);
    store = await openTestStore({ file: store.file });
    expect(store.store.report).toMatchObject({ created: true, gap: { from: 1, to: 3, lastAt, otherDatabase: true } });
    store = await store.reopen();
    expect(store.store.report.gap).toBeNull();
    await accept(store);
    store = await store.reopen();
    expect(store.store.report.gap).toBeNull();
  });

  test('a lost high-water mark accuses nobody', async () => {
    await accept(store);
    await store.store.close();
    rmSync(highWaterFileOf(store.file));
    store = await openTestStore({ file: store.file });
    expect(store.store.report.gap).toBeNull();
  });
});

describe('opening', () => {
  test('a file that is open is refused at once; its owner is not disturbed', async () => {
    const began = performance.now();
    await expect(openTestStore({ file: store.file })).rejects.toMatchObject({ code: 'database_locked' });
    expect(performance.now() - began).toBeLessThan(1000);
    await accept(store);
  });

  test('a file that a newer program has written is refused and left as it is', async () => {
    await accept(store);
    await store.store.close();
    const newer = new Sqlite(store.file);
    newer.pragma('user_version = 999');
    newer.close();
    const content = (): unknown[][][] =>
      ['PRAGMA user_version', 'SELECT * FROM sqlite_schema', 'SELECT * FROM events', 'SELECT * FROM sequences'].map((sql) =>
        rowsIn(store.file, sql),
      );
    const before = content();
    const opening = openTestStore({ file: store.file });
    await expect(opening).rejects.toMatchObject({ code: 'database_too_new', hint: expect.stringContaining('newer') });
    expect(content()).toEqual(before);
    expect(existsSync(`${store.file}.before-v${MIGRATIONS.length}`)).toBe(false);

    const again = new Sqlite(store.file);
    again.pragma(`user_version = ${MIGRATIONS.length}`);
    again.close();
    store = await openTestStore({ file: store.file });
  });

  test('sets what durability depends on', async () => {
    await store.store.close();
    expect(rowsIn(store.file, 'PRAGMA journal_mode')).toEqual([['wal']]);
    expect(rowsIn(store.file, 'PRAGMA auto_vacuum')).toEqual([[2]]);
    for (const open of [openWriter, openReader]) {
      const db = open(store.file);
      const settings = ['synchronous', 'wal_autocheckpoint'].map((pragma) => db.pragma(pragma, { simple: true }));
      db.close();
      expect(settings).toEqual([2, 0]);
    }
    store = await openTestStore({ file: store.file });
  });
});

describe('a migration', () => {
  const copyOf = (version: number): string => `${store.file}.before-v${version}`;
  const next = MIGRATIONS.length + 1;
  const version = (file = store.file): unknown => rowsIn(file, 'PRAGMA user_version')[0]?.[0];
  let leasedId: string;

  beforeEach(async () => {
    await accept(store);
    const leased = await leaseOne(store);
    leasedId = leased.id;
    await settle(store, leased, RETRY);
    await store.store.close();
  });

  function migrateWith(...sql: string[]): string | null {
    const db = openWriter(store.file);
    try {
      return migrate(db, store.file, [...MIGRATIONS, ...sql]);
    } finally {
      db.close();
    }
  }

  /** So that the next start finds a schema it knows. */
  async function goBack(): Promise<void> {
    const db = new Sqlite(store.file);
    db.pragma(`user_version = ${MIGRATIONS.length}`);
    db.close();
    store = await openTestStore({ file: store.file });
  }

  test('makes a copy first, which is whole', async () => {
    expect(migrateWith('CREATE TABLE extra (n INTEGER) STRICT')).toBe(copyOf(next));
    expect(version()).toBe(next);
    expect(version(copyOf(next))).toBe(MIGRATIONS.length);
    expect(rowsIn(copyOf(next), 'PRAGMA integrity_check')).toEqual([['ok']]);
    expect(rowsIn(copyOf(next), 'SELECT count(*), sum(attempts) FROM deliveries')).toEqual([[1, 1]]);
    expect(rowsIn(copyOf(next), "SELECT name FROM sqlite_schema WHERE name = 'extra'")).toEqual([]);
    await goBack();
    expect(await statusOf(store, leasedId)).toBe('pending');
  });

  test('that fails leaves the old version, with nothing of the new one', async () => {
    expect(() => migrateWith('CREATE TABLE extra (n INTEGER) STRICT; INSERT INTO nowhere VALUES (1)')).toThrow('nowhere');
    expect(version()).toBe(MIGRATIONS.length);
    expect(rowsIn(store.file, "SELECT name FROM sqlite_schema WHERE name = 'extra'")).toEqual([]);
    store = await openTestStore({ file: store.file });
    expect(await leaseOne(store)).toMatchObject({ id: leasedId, attempts: 1 });
  });

  test('that failed, or was killed after its copy, can be done again', async () => {
    expect(() => migrateWith('INSERT INTO nowhere VALUES (1)')).toThrow('nowhere');
    expect(existsSync(copyOf(next))).toBe(true);
    expect(migrateWith('CREATE TABLE extra (n INTEGER) STRICT')).toBe(copyOf(next));
    expect(version(copyOf(next))).toBe(MIGRATIONS.length);
    await goBack();
  });

  test('is not done twice, and an empty database needs no copy', async () => {
    expect(migrateWith()).toBeNull();
    expect(existsSync(copyOf(MIGRATIONS.length))).toBe(false);
    store = await openTestStore({ file: store.file });
  });
});

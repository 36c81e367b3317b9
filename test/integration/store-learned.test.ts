import { copyFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MIGRATIONS } from '../../src/store/sqlite/migrations/index.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

let store: TestStore;
beforeEach(async () => {
  store = await openTestStore();
});
afterEach(() => store.remove());

const ASANA = { route: 'asana', secret: 'secret-of-asana', learnedAt: 1 };
const NOTION = { route: 'notion', secret: 'secret-of-notion', learnedAt: 2 };

test('learned secrets outlive the process, oldest first, and are gone once forgotten', async () => {
  const { secrets } = store.store;
  expect(secrets.learned).toEqual([]);
  await secrets.learn(NOTION);
  await secrets.learn(ASANA);
  store = await store.reopen();
  expect(store.store.secrets.learned).toEqual([ASANA, NOTION]);
  await store.store.secrets.forget('asana');
  store = await store.reopen();
  expect(store.store.secrets.learned).toEqual([NOTION]);
});

test('a secret that comes again is kept once', async () => {
  await store.store.secrets.learn(ASANA);
  await store.store.secrets.learn({ ...ASANA, learnedAt: 9 });
  store = await store.reopen();
  expect(store.store.secrets.learned).toEqual([{ ...ASANA, learnedAt: 9 }]);
});

test('a learned secret is on disk when the promise resolves', async () => {
  await store.store.secrets.learn(ASANA);
  const copy = `${store.file}.copy`;
  copyFileSync(store.file, copy);
  copyFileSync(`${store.file}-wal`, `${copy}-wal`);
  const db = new Sqlite(copy);
  expect(db.prepare('SELECT secret FROM learned_secrets').pluck().all()).toEqual([ASANA.secret]);
  db.close();
});

test('a database of the schema before is brought up to date, with what it holds', async () => {
  await store.store.close();
  const db = new Sqlite(store.file);
  db.exec('DROP TABLE learned_secrets; DROP TABLE audit; DROP TABLE seals; ALTER TABLE deliveries DROP COLUMN budget_spent_ms');
  db.pragma('user_version = 2');
  db.close();
  store = await store.reopen();
  expect(store.store.report.migrationCopy).toBe(`${store.file}.before-v${MIGRATIONS.length}`);
  await store.store.secrets.learn(ASANA);
});

test('a closed store keeps no secret and says so', async () => {
  const { secrets } = store.store;
  await store.store.close();
  await expect(secrets.learn(ASANA)).rejects.toMatchObject({ code: 'shutting_down' });
});

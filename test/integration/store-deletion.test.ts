import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openWriter } from '../../src/store/sqlite/connection.ts';
import { newEvent, openTestStore, type TestStore } from '../support/store.ts';
import { accept, attemptOf, DELIVERED, deliveriesOf, leaseOne, RETRY, rowsIn } from '../support/store-steps.ts';
import { waitFor } from '../support/wait.ts';

const CANARY = 'canary-5f0c9a7e';

let store: TestStore;
beforeEach(async () => {
  store = await openTestStore();
});
afterEach(() => store.remove());

/** Names of the files beside the database, and it, that hold the text. */
function filesWith(text: string): string[] {
  const folder = dirname(store.file);
  return readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(text));
}

const canary = (place: string, length = 0): string => `${CANARY}-${place}-${'.'.repeat(length)}`;

/** An event with a canary in everything that came from outside, and in both answers that it got. */
async function addCanary(bodyBytes = 100): Promise<string> {
  const id = await accept(store, {
    path: `/hooks/${canary('path')}`,
    query: `q=${canary('query')}`,
    peer: canary('peer'),
    headers: [['X-Test', canary('header')]],
    body: Buffer.from(canary('body', bodyBytes)),
  });
  for (const outcome of [RETRY, DELIVERED]) {
    const leased = await leaseOne(store);
    const attempt = attemptOf(leased, outcome, store.clock.now());
    const response = {
      headers: [['x-answer', canary('answer-header')] as const],
      body: canary('answer', 3000),
      truncated: false,
    };
    await store.store.queue.settle(leased, { ...attempt, response }, outcome);
  }
  return id;
}

test('secure_delete is on, and read back', () => {
  const db = openWriter(join(dirname(store.file), 'other.db'));
  expect(db.pragma('secure_delete', { simple: true })).toBe(1);
  db.close();
});

describe.each([100, 3_000, 200_000])('an event with a body of %i bytes', (bytes) => {
  test('leaves no byte in any file', async () => {
    for (let count = 0; count < 20; count += 1) await accept(store, { body: Buffer.from(`other ${count}`) }, ['audit']);
    const id = await addCanary(bytes);
    for (let count = 0; count < 20; count += 1) await accept(store, { body: Buffer.from(`other ${count}`) }, ['audit']);
    expect(filesWith(CANARY)).not.toEqual([]);
    expect(await store.store.deletions.event(id)).toMatchObject({ kind: 'found', value: { deleted: 1, erased: true } });
    expect(filesWith(CANARY)).toEqual([]);
    store = await store.reopen();
    expect(filesWith(CANARY)).toEqual([]);
    expect((await store.store.history.events({}, { cursor: null, limit: 100 })).data).toHaveLength(40);
  });
});

test('key and counts stay; what comes again under the key is still a duplicate', async () => {
  const dedup = { key: 'msg_1', windowMs: 60_000 };
  const id = await accept(store, { dedup });
  await store.store.log.append(newEvent({ dedup }), []);
  await store.store.deletions.event(id);
  expect(rowsIn(store.file, 'SELECT dedup_key, duplicates, conflicts, length(body_sha256), head_crc32 FROM events')).toEqual([
    ['msg_1', 1, 0, 0, 0],
  ]);
  // Nothing is known of the body any more, so another one is no conflict.
  const again = await store.store.log.append(newEvent({ dedup, body: Buffer.from('another') }), []);
  expect(again).toEqual({ kind: 'duplicate', eventId: id, conflict: false });
  expect(await store.store.history.targetCounts()).toMatchObject([{ target: 'app', counts: { pending: 0, cancelled: 1 } }]);
});

test('an attempt that is running is aborted, and what it brings back is not kept', async () => {
  const id = await accept(store);
  const leased = await leaseOne(store);
  await store.store.deletions.event(id);
  expect(store.record.cancelled).toEqual([leased.id]);
  const attempt = { ...attemptOf(leased, DELIVERED, 1), response: { headers: [], body: CANARY, truncated: false } };
  expect(await store.store.queue.settle(leased, attempt, DELIVERED)).toEqual({ kind: 'stale' });
  expect(await store.store.history.delivery(leased.id)).toMatchObject({
    value: { status: 'cancelled', reason: 'event_deleted', lastAttempt: null },
  });
  expect(filesWith(CANARY)).toEqual([]);
});

test('what an attempt brings back that was cancelled before is not kept either', async () => {
  const id = await accept(store);
  const leased = await leaseOne(store);
  await store.store.operations.cancel(leased.id);
  await store.store.deletions.event(id);
  const attempt = { ...attemptOf(leased, RETRY, 1), response: { headers: [], body: CANARY, truncated: false } };
  expect(await store.store.queue.settle(leased, attempt, RETRY)).toEqual({ kind: 'stale' });
  expect(await store.store.history.delivery(leased.id)).toMatchObject({ value: { status: 'cancelled', lastAttempt: null } });
  expect(filesWith(CANARY)).toEqual([]);
});

test('rejections with the same body go too, others stay', async () => {
  const refused = { route: 'knowledgesdk', reason: 'verification_failed', explanation: '', peer: '203.0.113.7', status: 401 };
  const body = Buffer.from(canary('body', 5000));
  for (const bodyStart of [body.toString('utf8', 0, 2048), 'something else', ''])
    store.store.rejections.record({ ...refused, at: 1, headers: [], bodyStart });
  await store.store.rejections.flush();
  const id = await accept(store, { body });
  expect(await store.store.deletions.event(id)).toMatchObject({ value: { rejections: 1 } });
  expect((await store.store.history.rejections({}, { cursor: null, limit: 10 })).data.map((each) => each.bodyStart)).toEqual([
    '',
    'something else',
  ]);
  expect(filesWith(CANARY)).toEqual([]);
});

test('a filter takes many, in steps, and none that came later', async () => {
  const old = store.clock.wall;
  const ids = await Promise.all(Array.from({ length: 250 }, () => accept(store, { receivedAt: old, body: Buffer.from(CANARY) })));
  const young = await accept(store, { receivedAt: old + 1000 });
  await store.store.operations.replayEvent(ids[0] ?? '', ['audit']);
  expect(await store.store.deletions.preview({ to: old + 500 })).toMatchObject({ matched: 250 });
  expect(await store.store.deletions.matching({ to: old + 500 })).toEqual({
    ...{ deleted: 250, cancelled: 251, rejections: 0, erased: true },
  });
  expect(filesWith(CANARY)).toEqual([]);
  expect(await store.store.history.event(young)).toMatchObject({ kind: 'found' });
});

test('deliveries of a deleted event go at their age, and its row with its key', async () => {
  const id = await accept(store, { receivedAt: store.clock.wall, dedup: { key: 'k', windowMs: 1000 } });
  const [delivery] = await deliveriesOf(store, id);
  await store.store.deletions.event(id);
  const now = store.clock.wall;
  store.clock.wall = now + 10 * 86_400_000;
  await store.store.upkeep.sweep();
  expect(await store.store.history.delivery(delivery?.id ?? '')).toMatchObject({ kind: 'found' });
  store.clock.wall = now + 15 * 86_400_000;
  await store.store.upkeep.sweep();
  expect(rowsIn(store.file, 'SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM deliveries)')).toEqual([[0, 0]]);
  expect(await store.store.history.event(id)).toEqual({ kind: 'gone' });
});

test('while another program reads the database the bytes wait, and leave when it lets go', async () => {
  const id = await addCanary();
  const reader = new Sqlite(store.file, { readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM events').get();
  try {
    expect(await store.store.deletions.event(id)).toMatchObject({ value: { deleted: 1, erased: false } });
    expect(filesWith(CANARY)).not.toEqual([]);
    expect(await accept(store)).toMatch(/^evt_/);
  } finally {
    reader.close();
  }
  await waitFor('erased files', () => filesWith(CANARY).length === 0, { timeoutMs: 15_000, everyMs: 100 });
  expect(existsSync(store.file)).toBe(true);
});

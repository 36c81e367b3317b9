import { createHash, randomBytes } from 'node:crypto';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newEvent, openTestStore, type TestStore } from '../support/store.ts';
import {
  accept,
  attemptOf,
  DELIVERED,
  deliveriesOf,
  leaseAll,
  leaseOne,
  RETRY,
  rowsIn,
  settle,
  statusOf,
} from '../support/store-steps.ts';

const CANARY = 'canary-77d1e0';
const K1 = { id: 'k1', key: new Uint8Array(randomBytes(32)) };
const K2 = { id: 'k2', key: new Uint8Array(randomBytes(32)) };
const FIRST = { cursor: null, limit: 100 };
const BODY = Buffer.from(`{"secret":"${CANARY}-body"}`);
const dedup = { key: `${CANARY}-key`, windowMs: 3_600_000 };

let store: TestStore;
beforeEach(async () => {
  store = await openTestStore({ encryption: [K1] });
});
afterEach(() => store.remove());

/** Opens the same file with other keys. */
async function reopenWith(...encryption: { id: string; key: Uint8Array }[]): Promise<void> {
  await store.store.close();
  store = await openTestStore({ file: store.file, encryption });
}

/** Changes rows while the store is closed. */
async function altered(sql: string, ...keys: { id: string; key: Uint8Array }[]): Promise<void> {
  await store.store.close();
  const db = new Sqlite(store.file);
  db.exec(sql);
  db.close();
  store = await openTestStore({ file: store.file, encryption: keys });
}

const event = {
  path: `/hooks/${CANARY}-path`,
  query: `q=${CANARY}-query`,
  peer: `${CANARY}-peer`,
  headers: [['X-Test', `${CANARY}-header`]] as const,
  body: BODY,
  dedup,
};

const refusal = {
  ...{ route: null, at: 1, reason: 'verification_failed', explanation: `${CANARY}-explanation`, status: 401 },
  ...{ peer: `${CANARY}-refused-peer`, headers: [['X-Test', `${CANARY}-refused`]] as const, bodyStart: `${CANARY}-refused-body` },
};

async function bodyOf(id: string): Promise<string> {
  const found = await store.store.history.body(id);
  return found.kind === 'found' ? found.value.body.toString() : found.kind;
}

test('no byte of what came from outside is in any file, while it runs and after', async () => {
  const id = await accept(store, event);
  const leased = await leaseOne(store);
  const response = { headers: [['x-answer', `${CANARY}-answer`]] as const, body: `${CANARY}-answer-body`, truncated: false };
  for (const outcome of [RETRY, DELIVERED]) {
    const again = outcome === RETRY ? leased : await leaseOne(store);
    await store.store.queue.settle(again, { ...attemptOf(again, outcome, 1), response }, outcome);
  }
  store.store.rejections.record(refusal);
  await store.store.rejections.flush();
  await store.store.secrets.learn({ route: 'asana', secret: `${CANARY}-learned`, learnedAt: 1 });
  const files = (): string[] => {
    const folder = dirname(store.file);
    return readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(CANARY));
  };
  expect(files()).toEqual([]);
  await reopenWith(K1);
  expect(files()).toEqual([]);
  // And all of it can be read.
  const found = await store.store.history.event(id);
  const { body: _body, dedup: _dedup, ...shown } = event;
  const sha256 = createHash('sha256').update(BODY).digest('hex');
  expect(found).toMatchObject({ value: { ...shown, dedupKey: dedup.key, sha256 } });
  expect(await bodyOf(id)).toBe(BODY.toString());
  const [delivery] = await deliveriesOf(store, id);
  expect(await store.store.history.delivery(delivery?.id ?? '')).toMatchObject({
    value: { lastAttempt: { response }, history: [{ response }, { response }] },
  });
  expect((await store.store.history.rejections({}, FIRST)).data).toMatchObject([refusal]);
  expect(store.store.secrets.learned).toEqual([{ route: 'asana', secret: `${CANARY}-learned`, learnedAt: 1 }]);
  const { data } = await store.store.history.events({ q: dedup.key }, FIRST);
  expect(data).toMatchObject([{ id, path: event.path, peer: event.peer, dedupKey: dedup.key, sha256: null }]);
});

test('what was handed over in memory and what is leased later are the bytes that came', async () => {
  await store.remove();
  store = await openTestStore({ encryption: [K1] }, true);
  const id = await accept(store, { ...event, body: randomBytes(100_000) });
  await expect.poll(() => store.record.handed.length).toBe(1);
  const [handed] = store.record.handed;
  await store.store.operations.replayEvent(id, ['app']);
  const [leased] = await leaseAll(store);
  expect(leased?.event).toEqual(handed?.event);
});

describe('duplicates', () => {
  const again = (body = BODY) => store.store.log.append(newEvent({ ...event, body }), []);

  test('are known by a keyed hash, with the same body and with another', async () => {
    const id = await accept(store, event);
    expect(await again()).toEqual({ kind: 'duplicate', eventId: id, conflict: false });
    expect(await again(Buffer.from('other'))).toEqual({ kind: 'duplicate', eventId: id, conflict: true });
    await reopenWith(K1);
    expect(await again()).toEqual({ kind: 'duplicate', eventId: id, conflict: false });
    expect(await again(Buffer.from('other'))).toEqual({ kind: 'duplicate', eventId: id, conflict: true });
  });

  test('are known over a change of keys, and from before there were any', async () => {
    await store.remove();
    store = await openTestStore();
    const clear = await accept(store, event);
    await reopenWith(K1);
    expect(await again()).toEqual({ kind: 'duplicate', eventId: clear, conflict: false });
    expect(await again(Buffer.from('other'))).toMatchObject({ kind: 'duplicate', conflict: true });
    const other = { ...event, dedup: { ...dedup, key: 'second' } };
    const sealed = await accept(store, other);
    await reopenWith(K2, K1);
    const answer = (body: Buffer) => store.store.log.append(newEvent({ ...other, body }), []);
    expect(await answer(BODY)).toEqual({ kind: 'duplicate', eventId: sealed, conflict: false });
    expect(await answer(Buffer.from('other'))).toEqual({ kind: 'duplicate', eventId: sealed, conflict: true });
    expect(await again()).toMatchObject({ kind: 'duplicate', eventId: clear });
  });
});

describe('keys', () => {
  test('change: the first encrypts, all decrypt; clear events stay readable', async () => {
    await store.remove();
    store = await openTestStore();
    const ids = [await accept(store, { body: Buffer.from('in the clear') })];
    await reopenWith(K1);
    ids.push(await accept(store, { body: Buffer.from('under k1') }));
    await reopenWith(K2, K1);
    ids.push(await accept(store, { body: Buffer.from('under k2') }));
    expect(await Promise.all(ids.map(bodyOf))).toEqual(['in the clear', 'under k1', 'under k2']);
    expect((await leaseAll(store)).map((leased) => leased.event.body.toString())).toEqual([
      'in the clear',
      'under k1',
      'under k2',
    ]);
    expect(rowsIn(store.file, 'SELECT key_id FROM seals ORDER BY seq')).toEqual([['k1'], ['k2']]);
    expect(store.store.report.missingKeys).toEqual([]);
  });

  test('that are missing hold their events until they are back; the others go on', async () => {
    const old = await accept(store, { ...event, body: Buffer.from('under k1') });
    await reopenWith(K2);
    expect(store.store.report.missingKeys).toEqual(['k1']);
    const young = await accept(store, { body: Buffer.from('under k2') });
    expect((await leaseAll(store)).map((leased) => leased.event.body.toString())).toEqual(['under k2']);
    const [delivery] = await deliveriesOf(store, old);
    expect(delivery).toMatchObject({ status: 'held', reason: 'key_missing' });
    expect(await store.store.history.event(old)).toMatchObject({ value: { headers: [], dedupKey: null, sha256: null } });
    await expect(store.store.history.body(old)).rejects.toMatchObject({ code: 'key_missing', status: 409 });
    expect(store.record.damaged).toEqual([]);
    expect(await store.store.upkeep.reconcile(['app'], ['knowledgesdk'])).toBe(0);

    await reopenWith(K2, K1);
    expect(await store.store.upkeep.reconcile(['app'], ['knowledgesdk'])).toBe(1);
    expect((await leaseAll(store)).map((leased) => leased.event.body.toString())).toEqual(['under k2', 'under k1']);
    expect(await bodyOf(young)).toBe('under k2');
  });

  test('may go when nothing is encrypted under them any more', async () => {
    const id = await accept(store, event);
    await store.store.deletions.event(id);
    await reopenWith(K2);
    expect(store.store.report.missingKeys).toEqual([]);
  });

  test('cannot be another under the same id', async () => {
    const id = await accept(store, event);
    await store.store.close();
    const wrong = { id: 'k1', key: K2.key };
    await expect(openTestStore({ file: store.file, encryption: [wrong] })).rejects.toMatchObject({
      code: 'wrong_encryption_key',
    });
    store = await openTestStore({ file: store.file, encryption: [K1] });
    expect(await bodyOf(id)).toBe(BODY.toString());
  });

  test('are nowhere in the files', async () => {
    await accept(store, event);
    const folder = dirname(store.file);
    for (const name of readdirSync(folder)) expect(readFileSync(join(folder, name)).includes(K1.key)).toBe(false);
  });
});

describe('rows that are not what they were', () => {
  let ids: string[];
  beforeEach(async () => {
    ids = [await accept(store, { body: Buffer.from('one one') }), await accept(store, { body: Buffer.from('two two') })];
  });
  const isRefused = async (id: string): Promise<void> => {
    await expect(store.store.history.body(id)).rejects.toMatchObject({ code: 'event_damaged' });
  };

  test('an event’s content in the place of another’s is refused, and its delivery held', async () => {
    await altered(
      'UPDATE event_content SET head = (SELECT head FROM event_content WHERE seq = 2), body = (SELECT body FROM event_content WHERE seq = 2) WHERE seq = 1',
      K1,
    );
    await isRefused(ids[0] ?? '');
    expect((await leaseAll(store)).map((leased) => leased.event.body.toString())).toEqual(['two two']);
    const [delivery] = await deliveriesOf(store, ids[1] ?? '');
    expect(delivery?.status).toBe('pending');
    expect(store.record.damaged).toHaveLength(1);
    expect(await statusOf(store, store.record.damaged[0] ?? '')).toBe('held');
  });

  type Content = { head: Buffer; body: Buffer };
  const flipped = (bytes: Buffer, at: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ 1;
    return copy;
  };

  test.each<[string, (content: Content) => Content]>([
    ['a bit of the body', ({ head, body }) => ({ head, body: flipped(body, 3) })],
    ['a byte after the body', ({ head, body }) => ({ head, body: Buffer.concat([body, Buffer.alloc(1)]) })],
    ['a bit of the head', ({ head, body }) => ({ head: flipped(head, head.length - 1), body })],
    ['a bit of the tag', ({ head, body }) => ({ head: flipped(head, 20), body })],
    ['a bit of the counter', ({ head, body }) => ({ head: flipped(head, 12), body })],
    ['a bit of the seal', ({ head, body }) => ({ head: flipped(head, 1), body })],
    ['most of the head', ({ head, body }) => ({ head: head.subarray(0, 10), body })],
    [
      'the border between head and body',
      ({ head, body }) => ({ head: Buffer.concat([head, body.subarray(0, 2)]), body: body.subarray(2) }),
    ],
  ])('%s altered: damage, and the others go on', async (_what, alter) => {
    await store.store.close();
    const db = new Sqlite(store.file);
    const { head, body } = alter(db.prepare('SELECT head, body FROM event_content WHERE seq = 1').get() as Content);
    db.prepare('UPDATE event_content SET head = ?, body = ? WHERE seq = 1').run(head, body);
    db.close();
    store = await openTestStore({ file: store.file, encryption: [K1] });
    await isRefused(ids[0] ?? '');
    expect((await store.store.history.events({}, FIRST)).data).toHaveLength(2);
    expect((await leaseAll(store)).map((leased) => leased.event.body.toString())).toEqual(['two two']);
  });

  test('an answer in the place of another delivery’s is not shown', async () => {
    for (const leased of await leaseAll(store)) await settle(store, leased, DELIVERED);
    await altered('UPDATE deliveries SET last_attempt = (SELECT last_attempt FROM deliveries WHERE seq = 2) WHERE seq = 1', K1);
    const shown = await Promise.all(ids.map((id) => deliveriesOf(store, id)));
    expect(shown.map(([delivery]) => delivery?.lastAttempt === null)).toEqual([true, false]);
  });
});

test('no nonce comes twice under a key, not over restarts and not in a copy that lives on', async () => {
  const add = async () => void (await Promise.all(Array.from({ length: 20 }, () => accept(store, { body: BODY }))));
  await add();
  await store.store.close();
  const copy = join(dirname(store.file), 'copy.db');
  cpSync(store.file, copy);
  const seen = new Set<string>();
  const note = (file: string): void => {
    const db = new Sqlite(file, { readonly: true });
    const salts = new Map(
      (db.prepare('SELECT seq, salt FROM seals').raw().all() as [number, Buffer][]).map(([seq, salt]) => [
        seq,
        salt.toString('hex'),
      ]),
    );
    for (const head of db.prepare('SELECT head FROM event_content ORDER BY seq DESC LIMIT 20').pluck().all() as Buffer[])
      seen.add(`${salts.get(head.readUInt32BE(1))}/${head.toString('hex', 5, 13)}`);
    db.close();
  };
  note(store.file);
  for (const file of [store.file, copy]) {
    store = await openTestStore({ file, encryption: [K1] });
    await add();
    await store.store.close();
    note(file);
  }
  expect(seen.size).toBe(60);
  store = await openTestStore({ file: store.file, encryption: [K1] });
});

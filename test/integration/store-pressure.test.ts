import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StoreObserver } from '../../src/store/sqlite/ports.ts';
import { openBareWriter } from '../support/bare-writer.ts';
import { newEvent, openTestStore, type TestStore } from '../support/store.ts';
import { accept, DELIVERED, leaseAll, leaseOne, rowsIn, settle } from '../support/store-steps.ts';
import { waitFor } from '../support/wait.ts';

const MIB = 1024 * 1024;
const toApp = [{ kind: 'pending' as const, target: 'app' }];

let store: TestStore;
let walBytes: number;
let checkpoints: number;
beforeEach(async () => {
  walBytes = 0;
  checkpoints = 0;
  const observer: StoreObserver = {
    committed: () => undefined,
    walSize: (bytes) => {
      walBytes = bytes;
    },
    walAlarm: () => undefined,
    checkpointed: () => {
      checkpoints += 1;
    },
    checkpointFailed: () => undefined,
    trouble: () => undefined,
    damaged: () => undefined,
    evicted: () => undefined,
    deleted: () => undefined,
  };
  store = await openTestStore({ observer }, true);
});
afterEach(() => store.remove());

/** Another program that holds the write lock. @returns what lets it go */
function holdWriteLock(): () => void {
  const other = new Sqlite(store.file);
  other.exec('BEGIN IMMEDIATE');
  return () => other.close();
}

describe('the write lock held by another program', { timeout: 20_000 }, () => {
  test('past the busy time the batch is refused, past 4 s nobody waits; nothing refused is stored, nothing stored is lost', async () => {
    const letGo = holdWriteLock();
    const began = performance.now();
    const event = (key: string) => newEvent({ dedup: { key, windowMs: 60_000 }, body: Buffer.from(key) });
    const refused = store.store.log.append(event('refused'), toApp);
    // The batch leaves at the end of this turn of the event loop; what comes later makes the next one.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    const late = store.store.log.append(event('late'), toApp);

    expect(await refused).toEqual({ kind: 'unavailable', reason: 'storage_failing' });
    expect(await late).toEqual({ kind: 'unavailable', reason: 'commit_timeout' });
    expect(performance.now() - began).toBeGreaterThan(3_900);
    expect(performance.now() - began).toBeLessThan(6_000);
    letGo();

    // What was given up was committed after all: it is delivered, and the sender's retry is a duplicate.
    const handed = await waitFor('hand-off of the late one', () => store.record.handed[0]);
    expect(handed.event.body.toString()).toBe('late');
    const retried = await store.store.log.append(event('late'), toApp);
    expect(retried).toEqual({ kind: 'duplicate', eventId: handed.event.id, conflict: false });
    expect(await settle(store, handed, DELIVERED)).toBe('settled');
    // The refused one has left nothing, not even its key.
    expect(rowsIn(store.file, "SELECT count(*) FROM events WHERE dedup_key = 'refused'")).toEqual([[0]]);
    expect((await store.store.log.append(event('refused'), toApp)).kind).toBe('accepted');
    expect(store.store.health.troubles).toEqual([]);
  });

  test('a claim that is let go in a refused batch is free all the same', async () => {
    await accept(store);
    const leased = await waitFor('hand-off', () => store.record.handed[0]);
    const letGo = holdWriteLock();
    store.store.queue.release([leased]);
    expect((await store.store.log.append(newEvent(), [])).kind).toBe('unavailable');
    letGo();
    expect(await leaseOne(store)).toMatchObject({ id: leased.id });
  });
});

describe('the write-ahead log', { timeout: 60_000 }, () => {
  const body = Buffer.alloc(MIB, 'x');
  /** Writes without a pause. */
  async function write(mebibytes: number): Promise<void> {
    for (let i = 0; i < mebibytes; i += 4) await Promise.all([1, 2, 3, 4].map(() => accept(store, { body })));
  }

  test('is moved and begun anew while writes go on', async () => {
    await write(160);
    expect(checkpoints).toBeGreaterThan(2);
    await waitFor('small log', () => walBytes < 40 * MIB);
    await write(4);
    const [[log]] = rowsIn(store.file, 'PRAGMA wal_checkpoint(NOOP)').map((row) => [row[1]]) as [[number]];
    expect(log * 4096).toBeLessThan(120 * MIB);
  });

  test('grows while another program reads, without holding up writes, and is small again afterwards', async () => {
    const reader = new Sqlite(store.file, { readonly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM events').get();
    await write(60);
    await waitFor('large log', () => walBytes > 55 * MIB);
    expect(store.store.health.refusal).toBeNull();
    reader.close();
    // One write begins the log anew, once all of it is moved.
    await waitFor('small log', async () => {
      await accept(store);
      return walBytes < 10 * MIB;
    });
  });
});

describe('rejections', () => {
  const rejection = { route: 'knowledgesdk', reason: 'verification_failed', explanation: 'no token', peer: '203.0.113.7' };
  const refused = (at: number) => ({ ...rejection, at, status: 401, headers: [['A', 'b']] as const, bodyStart: '{' });

  test('are kept and shown, newest first', async () => {
    for (const at of [1000, 2000]) store.store.rejections.record(refused(at));
    await store.store.rejections.flush();
    const { data } = await store.store.history.rejections({}, { cursor: null, limit: 10 });
    expect(data.map(({ id, ...rest }) => rest)).toEqual([refused(2000), refused(1000)]);
  });

  test('of a flood only the first 200 of a moment are', async () => {
    for (let at = 0; at < 500; at += 1) store.store.rejections.record(refused(at));
    await store.store.rejections.flush();
    expect(rowsIn(store.file, 'SELECT count(*) FROM rejections')).toEqual([[200]]);
  });

  test('never take more than 10,000 rows, the oldest go first', () => {
    const bare = openBareWriter();
    try {
      const rejections = Array.from({ length: 10_050 }, (_, at) => refused(at));
      bare.command({ kind: 'reject', rejections }, 1);
      bare.command({ kind: 'reject', rejections: [refused(99_999)] }, 1);
      expect(rowsIn(bare.file, 'SELECT count(*), min(at), max(at) FROM rejections')).toEqual([[10_000, 51, 99_999]]);
    } finally {
      bare.remove();
    }
  });
});

test('what is waiting when the store closes is written', async () => {
  const appends = Array.from({ length: 50 }, (_, index) => accept(store, { body: Buffer.from(`${index}`) }));
  store.store.rejections.record({
    route: null,
    at: 1,
    reason: 'x',
    explanation: '',
    peer: '',
    status: 404,
    headers: [],
    bodyStart: '',
  });
  store = await store.reopen();
  expect(new Set(await Promise.all(appends)).size).toBe(50);
  expect(await leaseAll(store)).toHaveLength(50);
  expect(rowsIn(store.file, 'SELECT count(*) FROM rejections')).toEqual([[1]]);
});

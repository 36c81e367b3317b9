import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NewEvent } from '../../src/domain/event.ts';
import { openBareWriter } from '../support/bare-writer.ts';
import { newEvent, openTestStore, setClock, type TestStore } from '../support/store.ts';
import { accept, DAY_MS, DEAD, DELIVERED, deliveriesOf, leaseAll, RETRY, rowsIn, settle } from '../support/store-steps.ts';

const START = 1_700_000_000_000;
const AGES = { deliveredMs: 14 * DAY_MS, deadMs: 90 * DAY_MS, rejectionsMs: 3 * DAY_MS };

let store: TestStore;
let clock: ReturnType<typeof setClock>;
beforeEach(async () => {
  clock = setClock(START);
  store = await openTestStore({ ages: AGES, clock });
});
afterEach(() => store.remove());

const add = (event: Partial<NewEvent> = {}): Promise<string> => accept(store, { receivedAt: START, ...event });

async function settleAll(outcome: Parameters<typeof settle>[2]): Promise<void> {
  for (const leased of await leaseAll(store)) await settle({ ...store, clock }, leased, outcome);
}

/** Sweeps as if it were then. */
async function sweepAt(days: number): Promise<number> {
  clock.wall = START + days * DAY_MS;
  return store.store.upkeep.sweep();
}

const kindOf = async (id: string): Promise<string> => (await store.store.history.event(id)).kind;
const countOf = (table: string): unknown => rowsIn(store.file, `SELECT count(*) FROM ${table}`)[0]?.[0];

describe('what is old goes', () => {
  test('delivered after its age, not before', async () => {
    const id = await add();
    await settleAll(DELIVERED);
    expect([await sweepAt(14), await kindOf(id)]).toEqual([0, 'found']);
    await sweepAt(14.01);
    expect(await kindOf(id)).toBe('gone');
    for (const table of ['events', 'event_content', 'deliveries', 'attempts']) expect(countOf(table)).toBe(0);
    expect(rowsIn(store.file, 'SELECT sum(count) FROM delivery_counts')).toEqual([[0]]);
  });

  test('dead after an age of its own', async () => {
    const id = await add();
    await settleAll(DEAD);
    await sweepAt(89);
    expect(await kindOf(id)).toBe('found');
    await sweepAt(90.01);
    expect(await kindOf(id)).toBe('gone');
  });

  test('with all attempts, not those of others', async () => {
    await add();
    await settleAll(RETRY);
    await settleAll(DELIVERED);
    clock.wall += 10 * DAY_MS;
    const young = await add({ receivedAt: clock.wall });
    await settleAll(RETRY);
    await settleAll(DELIVERED);
    expect(countOf('attempts')).toBe(2);
    await sweepAt(15);
    expect([await kindOf(young), countOf('attempts')]).toEqual(['found', 1]);
  });

  test('says how many events went', async () => {
    await Promise.all(Array.from({ length: 5 }, () => add()));
    await settleAll(DELIVERED);
    expect([await sweepAt(15), await sweepAt(16)]).toEqual([5, 0]);
  });

  const refuseAt = (at: number): void => {
    const refused = { route: null, reason: 'verification_failed', explanation: '', peer: '203.0.113.7', status: 401 };
    store.store.rejections.record({ ...refused, at, headers: [], bodyStart: '' });
  };
  const refusedAt = async (): Promise<number[]> => {
    const { data } = await store.store.history.rejections({}, { cursor: null, limit: 1000 });
    return data.map(({ at }) => at);
  };

  test('rejections after their age', async () => {
    for (const at of [START, START + 2 * DAY_MS]) refuseAt(at);
    await store.store.rejections.flush();
    await sweepAt(3.5);
    expect(await refusedAt()).toEqual([START + 2 * DAY_MS]);
  });

  test('rejections behind any number of those that were recorded while the clock ran ahead', async () => {
    const ahead = START + 100 * DAY_MS;
    for (let i = 0; i < 150; i += 1) refuseAt(ahead);
    refuseAt(START);
    await store.store.rejections.flush();
    await sweepAt(3.5);
    expect(new Set(await refusedAt())).toEqual(new Set([ahead]));
  });
});

describe('what is not old stays', () => {
  test('pending and held never go', async () => {
    const pending = await add();
    const held = await add({ route: 'removed' });
    await store.store.upkeep.reconcile(['app'], ['knowledgesdk']);
    await sweepAt(3650);
    expect([await kindOf(pending), await kindOf(held)]).toEqual(['found', 'found']);
    expect((await deliveriesOf(store, held))[0]?.status).toBe('held');
    expect(await leaseAll(store)).toHaveLength(1);
  });

  test('an event waits for the last of its deliveries', async () => {
    const id = await accept(store, { receivedAt: START }, ['app', 'audit']);
    await settleAll(DELIVERED);
    await sweepAt(30);
    expect(await deliveriesOf(store, id)).toMatchObject([{ status: 'delivered' }, { status: 'pending' }]);
  });

  test('a replay keeps its event', async () => {
    const id = await add();
    await settleAll(DELIVERED);
    clock.wall = START + 13 * DAY_MS;
    await store.store.operations.replayEvent(id, ['app']);
    await sweepAt(20);
    expect((await deliveriesOf(store, id)).map(({ status }) => status)).toEqual(['delivered', 'pending']);
  });

  test('nothing goes while the clock is not believed', async () => {
    const id = await add();
    await settleAll(DELIVERED);
    store.store.upkeep.suspend(true);
    expect([await sweepAt(1000), await kindOf(id)]).toEqual([0, 'found']);
  });
});

describe('a key outlives its event', () => {
  const dedup = { key: 'msg_1', windowMs: 30 * DAY_MS };
  const again = (days: number) => store.store.log.append(newEvent({ receivedAt: START + days * DAY_MS, dedup }), []);

  test('until its window is over: a duplicate of what is gone is still one', async () => {
    const id = await add({ dedup });
    await settleAll(DELIVERED);
    await sweepAt(20);
    expect([await kindOf(id), countOf('event_content'), countOf('deliveries')]).toEqual(['gone', 0, 0]);
    await expect(store.store.history.body(id)).resolves.toEqual({ kind: 'gone' });
    await expect(store.store.operations.replayEvent(id, ['app'])).resolves.toEqual({ kind: 'gone' });
    expect(await again(21)).toEqual({ kind: 'duplicate', eventId: id, conflict: false });
    expect((await store.store.history.events({}, { cursor: null, limit: 10 })).data).toEqual([]);

    store = await store.reopen();
    expect(await again(29)).toMatchObject({ kind: 'duplicate', eventId: id });
    await sweepAt(31);
    expect([await kindOf(id), countOf('events')]).toEqual(['gone', 0]);
    expect(await again(31)).toMatchObject({ kind: 'accepted' });
  });
});

test('a sweep goes in small steps and ends', () => {
  const bare = openBareWriter();
  try {
    const events = 1500;
    const appends = Array.from({ length: events }, (_, index) => ({
      event: newEvent({ receivedAt: START, body: Buffer.from('x') }),
      deliveries: [
        index % 3 === 0
          ? { kind: 'pending' as const, target: 'app', lease: null }
          : { kind: 'filtered' as const, target: 'app', reason: 'event_type' },
      ],
    }));
    bare.commit({ appends, now: START });
    const now = START + 1000;
    const limits = { deliveredBefore: now, deadBefore: now, rejectionsBefore: now };
    const scanned: number[] = [];
    for (let finished = false; !finished && scanned.length < 1000; ) {
      const step = bare.command({ kind: 'retain', ...limits, now, restart: scanned.length === 0 }, now);
      if (step.kind !== 'retained') throw new Error(step.kind);
      scanned.push(step.scanned);
      ({ finished } = step);
    }
    expect(Math.max(...scanned)).toBeLessThanOrEqual(400);
    expect(rowsIn(bare.file, 'SELECT count(*) FROM events')).toEqual([[events / 3]]);
    expect(rowsIn(bare.file, 'SELECT count(*) FROM event_content')).toEqual([[events / 3]]);
    expect(rowsIn(bare.file, 'SELECT status, count FROM delivery_counts ORDER BY status')).toEqual([
      ['filtered', 0],
      ['pending', events / 3],
    ]);
  } finally {
    bare.remove();
  }
});

import { afterEach, describe, expect, test } from 'vitest';
import type { NewEvent } from '../../src/domain/event.ts';
import type { RetentionAges } from '../../src/store/sqlite/upkeep.ts';
import { newEvent, openTestStore, setClock, type TestStore } from '../support/store.ts';
import { accept, DAY_MS, DEAD, DELIVERED, deliveriesOf, leaseAll, rowsIn, settle } from '../support/store-steps.ts';

const START = 1_700_000_000_000;
const FIRST = { cursor: null, limit: 100 };

let store: TestStore;
afterEach(() => store.remove());

async function open(ages: Partial<RetentionAges>): Promise<void> {
  const clock = setClock(START);
  store = await openTestStore({
    ages: { deliveredMs: 14 * DAY_MS, deadMs: 90 * DAY_MS, rejectionsMs: 3 * DAY_MS, ...ages },
    clock,
  });
  store.clock = clock;
}

const add = (event: Partial<NewEvent> = {}): Promise<string> => accept(store, { receivedAt: store.clock.wall, ...event });

async function added(outcome: Parameters<typeof settle>[2], event: Partial<NewEvent> = {}): Promise<string> {
  const id = await add(event);
  for (const leased of await leaseAll(store)) await settle(store, leased, outcome);
  return id;
}

async function sweepAt(days: number): Promise<void> {
  store.clock.wall = START + days * DAY_MS;
  await store.store.upkeep.sweep();
}

const kindOf = async (id: string): Promise<string> => (await store.store.history.event(id)).kind;

describe('ages of their own', () => {
  test('for what was filtered, and for what was cancelled', async () => {
    await open({ filteredMs: DAY_MS, cancelledMs: 5 * DAY_MS });
    const planned = [{ kind: 'filtered' as const, target: 'app', reason: 'event_type' }];
    const filtered = await store.store.log.append(newEvent({ receivedAt: START }), planned);
    const cancelled = await add();
    const [delivery] = await deliveriesOf(store, cancelled);
    await store.store.operations.cancel(delivery?.id ?? '');
    const delivered = await added(DELIVERED);
    const id = filtered.kind === 'accepted' ? filtered.eventId : '';
    const kinds = async () => Promise.all([id, cancelled, delivered].map(kindOf));
    await sweepAt(1.1);
    expect(await kinds()).toEqual(['gone', 'found', 'found']);
    await sweepAt(5.1);
    expect(await kinds()).toEqual(['gone', 'gone', 'found']);
    await sweepAt(14.1);
    expect(await kinds()).toEqual(['gone', 'gone', 'gone']);
  });

  test('for a route, shorter or longer, dead letters too', async () => {
    await open({
      keepMs: new Map([
        ['short', DAY_MS],
        ['long', 200 * DAY_MS],
      ]),
    });
    const short = [await added(DELIVERED, { route: 'short' }), await added(DEAD, { route: 'short' })];
    const long = [await added(DELIVERED, { route: 'long' }), await added(DEAD, { route: 'long' })];
    const others = [await added(DELIVERED), await added(DEAD)];
    const left = async () => (await Promise.all([...short, ...long, ...others].map(kindOf))).map((kind) => kind === 'found');
    await sweepAt(1.1);
    expect(await left()).toEqual([false, false, true, true, true, true]);
    await sweepAt(91);
    expect(await left()).toEqual([false, false, true, true, false, false]);
    await sweepAt(201);
    expect(await left()).toEqual([false, false, false, false, false, false]);
  });

  test('that are set while it runs count from the next sweep on', async () => {
    await open({});
    const id = await added(DELIVERED);
    await sweepAt(2);
    expect(await kindOf(id)).toBe('found');
    store.store.upkeep.setAges({ deliveredMs: DAY_MS, deadMs: DAY_MS, rejectionsMs: DAY_MS });
    await sweepAt(2);
    expect(await kindOf(id)).toBe('gone');
  });

  test('a delivery that ended late is found by a later sweep', async () => {
    await open({ keepMs: new Map([['short', DAY_MS]]) });
    const late = await add({ route: 'short' });
    await sweepAt(3);
    for (const leased of await leaseAll(store)) await settle(store, leased, DELIVERED);
    await sweepAt(3.5);
    expect(await kindOf(late)).toBe('found');
    await sweepAt(4.1);
    expect(await kindOf(late)).toBe('gone');
  });
});

describe('bodies before their events', () => {
  test('the event stays to be looked at, without body and headers, and cannot be replayed', async () => {
    await open({ bodiesMs: 3 * DAY_MS });
    const id = await added(DELIVERED, { dedup: { key: 'msg_1', windowMs: 30 * DAY_MS } });
    await sweepAt(2.9);
    expect(await store.store.history.body(id)).toMatchObject({ kind: 'found' });
    await sweepAt(3.1);
    expect(await store.store.history.event(id)).toMatchObject({
      kind: 'found',
      value: { id, bodyGone: true, headers: [], path: '', peer: '', dedupKey: 'msg_1', deliveries: [{ status: 'delivered' }] },
    });
    const { data } = await store.store.history.events({}, FIRST);
    expect(data).toMatchObject([{ id, bodyGone: true, statuses: { delivered: 1 } }]);
    await expect(store.store.history.body(id)).rejects.toMatchObject({ code: 'body_gone', status: 410 });
    await expect(store.store.operations.replayEvent(id, ['app'])).rejects.toMatchObject({ code: 'body_gone', status: 410 });
    expect(rowsIn(store.file, 'SELECT count(*) FROM event_content')).toEqual([[0]]);
    await sweepAt(14.1);
    expect(await kindOf(id)).toBe('gone');
  });

  test('a bulk replay counts it among those that could not be', async () => {
    await open({ bodiesMs: DAY_MS });
    await added(DELIVERED);
    await sweepAt(1.1);
    const whole = await added(DELIVERED);
    const task = await store.store.operations.startReplay({
      filter: { status: 'delivered' },
      targets: null,
      ratePerSecond: null,
    });
    await store.store.tasks.materialise(task.id);
    expect(await store.store.tasks.step(task.id, 10)).toMatchObject({ done: 1, failed: 1, finished: true });
    expect((await deliveriesOf(store, whole)).map(({ status }) => status)).toEqual(['delivered', 'pending']);
  });

  test('those of dead letters stay: they can be retried', async () => {
    await open({ bodiesMs: DAY_MS });
    const id = await added(DEAD);
    await sweepAt(80);
    const [letter] = await deliveriesOf(store, id);
    expect(await store.store.operations.retry(letter?.id ?? '')).toMatchObject({ kind: 'done' });
    expect(await leaseAll(store)).toHaveLength(1);
  });
});

describe('a database larger than it may be', () => {
  const BODY = Buffer.alloc(100_000, 'x');
  const MIB = 1024 * 1024;
  const pragma = (name: string) => Number(rowsIn(store.file, `PRAGMA ${name}`)[0]?.[0]);
  const usedBytes = () => (pragma('page_count') - pragma('freelist_count')) * 4096;

  test('loses its oldest finished events, and as many as needed', async () => {
    await open({ maxSize: 2 * MIB });
    const pending = await add({ body: BODY, route: 'waits' });
    const ids: string[] = [];
    for (let count = 0; count < 40; count += 1) ids.push(await accept(store, { body: BODY, receivedAt: START }, ['other']));
    for (const leased of await leaseAll(store, 'other')) await settle(store, leased, DELIVERED);
    expect(usedBytes()).toBeGreaterThan(4 * MIB);
    await store.store.upkeep.sweep();
    expect(usedBytes()).toBeLessThanOrEqual(2 * MIB);
    const kinds = await Promise.all(ids.map(kindOf));
    expect(kinds.lastIndexOf('gone')).toBeLessThan(kinds.indexOf('found'));
    expect(kinds.filter((kind) => kind === 'found').length).toBeGreaterThan(10);
    expect(await kindOf(pending)).toBe('found');
    expect(store.record.evicted).toEqual([{ events: kinds.filter((kind) => kind === 'gone').length, overfull: false }]);
  });

  test('keeps what is pending or held, and says once that it stays too large', async () => {
    await open({ maxSize: MIB });
    const held = await add({ body: BODY, route: 'removed' });
    for (let count = 0; count < 20; count += 1) await add({ body: BODY });
    await store.store.upkeep.reconcile(['app'], ['knowledgesdk']);
    await store.store.upkeep.sweep();
    await store.store.upkeep.sweep();
    expect(store.record.evicted).toEqual([{ events: 0, overfull: true }]);
    expect(await kindOf(held)).toBe('found');
    expect(await leaseAll(store)).toHaveLength(20);
    store.store.upkeep.setAges({ deliveredMs: DAY_MS, deadMs: DAY_MS, rejectionsMs: DAY_MS, maxSize: null });
    await store.store.upkeep.sweep();
    expect(store.record.evicted.at(-1)).toEqual({ events: 0, overfull: false });
  });
});

import { afterEach, describe, expect, test } from 'vitest';
import { newEvent, openTestStore, type TestStore } from '../support/store.ts';
import { accept, DELIVERED, deliveriesOf, leaseAll, leaseOne, rowsIn, settle, statusOf } from '../support/store-steps.ts';
import { waitFor } from '../support/wait.ts';

let store: TestStore;
afterEach(() => store.remove());

/** SQLite refuses it: its column takes whole numbers only. */
const UNSTORABLE = { receivedAt: Date.now() + 0.5 };
const toApp = [{ kind: 'pending' as const, target: 'app' }];

describe('an append', () => {
  test('keeps head and body byte for byte', async () => {
    store = await openTestStore();
    const body = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 31) % 256));
    const event = newEvent({
      body,
      query: 'a=%00&b=\u{1f600}',
      headers: [
        ['X-A', '1'],
        ['x-a', '\u00e9\ud800'],
      ],
      contentType: null,
    });
    const id = await accept(store, event);
    expect(await store.store.history.event(id)).toMatchObject({ value: { headers: event.headers, query: event.query } });
    expect(await store.store.history.body(id)).toEqual({ kind: 'found', value: { contentType: null, body } });
    const leased = await leaseOne(store);
    expect(leased.event).toEqual({
      ...{ id, route: event.route, type: event.type, receivedAt: event.receivedAt, method: event.method },
      ...{ path: event.path, query: event.query, peer: event.peer, headers: event.headers, body },
    });
  });

  test('gives a target that the event is not for its delivery at once, as filtered', async () => {
    store = await openTestStore();
    const planned = [...toApp, { kind: 'filtered' as const, target: 'audit', reason: 'event_type' }];
    const result = await store.store.log.append(newEvent(), planned);
    if (result.kind !== 'accepted') throw new Error(result.kind);
    const [first, second] = await deliveriesOf(store, result.eventId);
    expect(first).toMatchObject({ target: 'app', status: 'pending', finishedAt: null });
    expect(second).toMatchObject({ target: 'audit', status: 'filtered', reason: 'event_type', nextAttemptAt: null });
    expect(second?.finishedAt).toBe(store.clock.now());
    expect(await leaseAll(store, 'audit')).toEqual([]);
    expect(rowsIn(store.file, 'SELECT target, status, count FROM delivery_counts ORDER BY target')).toEqual([
      ['app', 'pending', 1],
      ['audit', 'filtered', 1],
    ]);
  });

  test('holds what is in quarantine: it is leased by nobody, freed by no configuration, and is no backlog', async () => {
    const reason = 'schema_invalid: /a must be string';
    store = await openTestStore({}, true);
    const planned = [{ kind: 'held' as const, target: 'app', reason }];
    const result = await store.store.log.append(newEvent(), planned);
    if (result.kind !== 'accepted') throw new Error(result.kind);
    const held = { status: 'held', reason, nextAttemptAt: null, finishedAt: null };
    expect(await deliveriesOf(store, result.eventId)).toMatchObject([held]);
    expect(store.record).toMatchObject({ handed: [], woken: [], reserved: 0 });
    store = await store.reopen();
    expect(await store.store.upkeep.reconcile(['app'], ['knowledgesdk'])).toBe(0);
    expect(await store.store.upkeep.reconcile([], [])).toBe(0);
    expect(await store.store.upkeep.reconcile(['app'], ['knowledgesdk'])).toBe(0);
    expect(await leaseAll(store)).toEqual([]);
    expect(store.store.log.pending('knowledgesdk')).toBe(0);
    const [delivery] = await deliveriesOf(store, result.eventId);
    await store.store.operations.release(delivery?.id ?? '');
    expect(store.store.log.pending('knowledgesdk')).toBe(1);
    expect(await leaseAll(store)).toHaveLength(1);
  });

  test('of an event for nobody is kept', async () => {
    store = await openTestStore();
    const id = await accept(store, {}, []);
    expect(await deliveriesOf(store, id)).toEqual([]);
  });
});

describe('a row that cannot be stored', () => {
  test('does not fail the others of its batch, and leaves nothing behind', async () => {
    store = await openTestStore({}, true);
    const dedup = { key: 'msg_1', windowMs: 1000 };
    const { log } = store.store;
    const results = await Promise.all([
      log.append(newEvent({ body: Buffer.from('before') }), toApp),
      log.append(newEvent({ ...UNSTORABLE, dedup }), toApp),
      log.append(newEvent({ body: Buffer.from('behind') }), toApp),
    ]);
    expect(results.map(({ kind }) => kind)).toEqual(['accepted', 'unavailable', 'accepted']);
    expect(results[1]).toEqual({ kind: 'unavailable', reason: 'row_refused' });
    expect(rowsIn(store.file, 'SELECT status, count FROM delivery_counts')).toEqual([['pending', 2]]);
    expect(rowsIn(store.file, 'SELECT count(*) FROM event_content')).toEqual([[2]]);

    await waitFor('hand-off', () => store.record.handed.length === 2);
    expect(store.record.handed.map(({ event }) => event.body.toString())).toEqual(['before', 'behind']);
    expect(store.record.reserved).toBe(2);
    for (const leased of store.record.handed) expect(await settle(store, leased, DELIVERED)).toBe('settled');

    expect((await log.append(newEvent({ dedup }), toApp)).kind).toBe('accepted');
    expect(store.store.health.refusal).toBeNull();
  });
});

describe('the hand-off', () => {
  test('what was appended is handed over leased, and nobody else gets it', async () => {
    store = await openTestStore({}, true);
    const event = newEvent();
    const eventId = await accept(store, event);
    const handed = await waitFor('hand-off', () => store.record.handed[0]);
    expect(handed).toMatchObject({ target: 'app', attempts: 0, budgetStart: 0, trigger: 'initial', event: { id: eventId } });
    expect(handed.event.body).toBe(event.body);
    expect(await deliveriesOf(store, eventId)).toMatchObject([{ id: handed.id, status: 'pending' }]);
    expect(await leaseAll(store)).toEqual([]);
  });

  test('let go, it is leased again under a new claim; the old one settles nothing', async () => {
    store = await openTestStore({}, true);
    await accept(store);
    const handed = await waitFor('hand-off', () => store.record.handed[0]);
    store.store.queue.release([handed]);
    const again = await leaseOne(store);
    expect(again).toMatchObject({ id: handed.id, attempts: 0, trigger: 'initial' });
    expect(again.lease).not.toBe(handed.lease);
    expect(await settle(store, handed, DELIVERED)).toBe('stale');
    expect(await statusOf(store, handed.id)).toBe('pending');
    expect(await settle(store, again, DELIVERED)).toBe('settled');
  });

  test('a duplicate gives its room back', async () => {
    store = await openTestStore({}, true);
    const dedup = { key: 'msg_1', windowMs: 60_000 };
    await Promise.all([1, 2, 3].map(() => store.store.log.append(newEvent({ dedup }), toApp)));
    await waitFor('hand-off', () => store.record.handed.length > 0);
    expect([store.record.handed.length, store.record.reserved]).toEqual([1, 1]);
  });

  test('without room a delivery waits in the store, and the dispatcher is told', async () => {
    store = await openTestStore({}, false);
    const receivedAt = Date.now();
    await accept(store, { receivedAt });
    await waitFor('wake-up', () => store.record.woken.length > 0);
    expect(store.record.woken).toEqual([{ target: 'app', dueAt: receivedAt }]);
    expect(await leaseAll(store)).toHaveLength(1);
  });
});

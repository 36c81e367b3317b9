import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { flipBit, offsetOf } from '../support/damage.ts';
import { openTestStore, type TestStore } from '../support/store.ts';
import { accept, DELIVERED, leaseAll, settle, statusOf } from '../support/store-steps.ts';

let store: TestStore;
let events: string[];
beforeEach(async () => {
  store = await openTestStore();
  events = [];
  for (const name of ['one', 'two', 'three']) {
    events.push(await accept(store, { peer: `peer of ${name}`, body: Buffer.from(`body of ${name}`) }));
  }
});
afterEach(() => store.remove());

/** Flips a bit in the stopped store's file. */
async function damage(...texts: string[]): Promise<void> {
  await store.store.close();
  for (const text of texts) flipBit(store.file, offsetOf(store.file, text) + 3);
  store = await openTestStore({ file: store.file });
}

describe.each(['body of two', 'peer of two'])('a bit of the %s altered', (text) => {
  beforeEach(() => damage(text));

  test('the event is never handed out; its delivery is held and told of, the others go on', async () => {
    const leased = await leaseAll(store);
    expect(leased.map(({ event }) => event.body.toString())).toEqual(['body of one', 'body of three']);
    expect(store.record.damaged).toHaveLength(1);
    const found = await store.store.history.delivery(store.record.damaged[0] ?? '');
    expect(found).toMatchObject({ value: { status: 'held', reason: 'event_damaged', eventId: events[1], attempts: 0 } });
    for (const each of leased) expect(await settle(store, each, DELIVERED)).toBe('settled');
    expect(store.store.health.troubles).toEqual([]);
  });

  test('the event is not shown as if it were whole; others and the list are', async () => {
    const [, id = ''] = events;
    await expect(store.store.history.event(id)).rejects.toMatchObject({ code: 'event_damaged', status: 500 });
    await expect(store.store.history.body(id)).rejects.toMatchObject({ code: 'event_damaged' });
    expect(await store.store.history.event(events[0] ?? '')).toMatchObject({ kind: 'found' });
    const list = await store.store.history.events({}, { cursor: null, limit: 10 });
    expect(list.data.map((event) => event.id)).toEqual(events.toReversed());
  });

  test('held for damage, it is not freed by a reload; an operator’s release is held again', async () => {
    await leaseAll(store);
    const [id = ''] = store.record.damaged;
    expect(await store.store.upkeep.reconcile(['app'], ['knowledgesdk'])).toBe(0);
    expect(await statusOf(store, id)).toBe('held');
    await store.store.operations.release(id);
    expect(await leaseAll(store)).toEqual([]);
    expect([await statusOf(store, id), store.record.damaged]).toEqual(['held', [id, id]]);
  });
});

test('damaged events in front do not hide those behind them', async () => {
  await damage('body of one', 'body of two');
  const first = await store.store.queue.lease('app', { deliveries: 1, bytes: 1000 });
  const isMoreToCome = first.nextDueAt !== null && first.nextDueAt <= store.clock.wall;
  expect(first.deliveries.length === 1 || isMoreToCome).toBe(true);
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/domain/attempt.ts';
import type { PlannedDelivery } from '../../src/domain/event.ts';
import type { LeasedDelivery } from '../../src/domain/leased-delivery.ts';
import type { DeliveryView } from '../../src/store/sqlite/views.ts';
import { newEvent, openTestStore, type TestStore } from '../support/store.ts';
import { leaseAll, ROOM, rowsIn } from '../support/store-steps.ts';
import { waitFor } from '../support/wait.ts';

const PAGE = { cursor: null, limit: 2000 };
const ROUTE = 'knowledgesdk';
/** Deliveries, of which a step of bringing them in line takes 200. */
const MORE = 210;
const DEAD: Outcome = { kind: 'dead', reason: 'attempts_exhausted' };

let store: TestStore;
beforeEach(async () => {
  store = await openTestStore();
});
afterEach(() => store.remove());

const inOrder = (orderingKey: string): PlannedDelivery => ({ kind: 'pending', target: 'app', orderingKey });

async function append(...deliveries: PlannedDelivery[]): Promise<string> {
  const result = await store.store.log.append(newEvent({ receivedAt: store.clock.wall }), deliveries);
  if (result.kind !== 'accepted') throw new Error(JSON.stringify(result));
  return result.eventId;
}

async function appendMany(count: number, key: (index: number) => string = () => 'k'): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, index) => append(inOrder(key(index)))));
}

async function settle(leased: LeasedDelivery, outcome: Outcome): Promise<void> {
  const { now } = { now: store.clock.wall };
  const attempt = { number: leased.attempts + 1, trigger: leased.trigger, startedAt: now, durationMs: 1 };
  const answer = { outcome: outcome.kind, statusCode: 200, error: null, response: null };
  expect(await store.store.queue.settle(leased, { ...attempt, ...answer }, outcome)).toEqual({ kind: 'settled' });
}

const lease = (): Promise<LeasedDelivery[]> => leaseAll(store);

/** Oldest first. */
async function deliveries(): Promise<DeliveryView[]> {
  return (await store.store.history.deliveries({}, PAGE)).data.toReversed();
}

/** @returns how many were delivered when nothing was due any more */
async function untilEmpty(): Promise<number> {
  for (let leased = await lease(); leased.length > 0; leased = await lease()) {
    await Promise.all(leased.map((one) => settle(one, { kind: 'delivered' })));
  }
  return (await statuses()).filter((status) => status === 'delivered').length;
}

const statuses = async (): Promise<string[]> =>
  (await deliveries()).map(({ status, waitsFor }) => (waitsFor === null ? status : 'blocked'));
const reconcile = (onDead: 'block' | 'skip' | null, targets = ['app']): Promise<number> =>
  store.store.upkeep.reconcile(targets, [ROUTE], onDead === null ? [] : [['app', onDead]]);

/** What `route` ordering makes of a dead letter when it blocks: the others wait. */
async function blockedByDead(count: number): Promise<void> {
  await reconcile('block');
  await appendMany(count);
  const [first] = await lease();
  if (first === undefined) throw new Error('nothing was leased');
  await settle(first, DEAD);
}

describe('a delivery that waits', () => {
  test('names the first of its key, which alone is due', async () => {
    await appendMany(3);
    const [first, second, third] = await deliveries();
    expect(first).toMatchObject({ orderingKey: 'k', waitsFor: null, reason: null, nextAttemptAt: expect.any(Number) });
    const waiting = { status: 'pending', orderingKey: 'k', waitsFor: first?.id, reason: 'waits_for_order', nextAttemptAt: null };
    expect([second, third]).toMatchObject([waiting, waiting]);
    expect(await store.store.history.targetCounts()).toMatchObject([
      { target: 'app', counts: { pending: 3 }, oldestDueAt: first?.nextAttemptAt, blocked: 2 },
    ]);
  });

  test('waits for one in quarantine too, until that is discarded', async () => {
    await append({ kind: 'held', target: 'app', reason: 'schema_invalid', orderingKey: 'k' });
    await append(inOrder('k'));
    const [held, waiting] = await deliveries();
    expect(waiting?.waitsFor).toBe(held?.id);
    await store.store.operations.discard(held?.id ?? '');
    expect((await lease()).map(({ id }) => id)).toEqual([waiting?.id]);
    expect(store.record.woken).toContainEqual({ target: 'app', dueAt: store.clock.wall });
  });

  test('with a delay keeps to that as well, and the ones behind it wait for it', async () => {
    await append(inOrder('k'));
    await append({ kind: 'pending', target: 'app', orderingKey: 'k', delayMs: 60_000 });
    await append(inOrder('k'));
    const [first] = await lease();
    await settle(first as LeasedDelivery, { kind: 'delivered' });
    const [, second] = await deliveries();
    expect(await statuses()).toEqual(['delivered', 'pending', 'blocked']);
    const event = await store.store.history.event(second?.eventId ?? '');
    expect(second?.nextAttemptAt).toBe(event.kind === 'found' ? event.value.receivedAt + 60_000 : null);
    await waitFor('the wake-up', () => store.record.woken.some(({ dueAt }) => dueAt === second?.nextAttemptAt));
  });

  test('an operator can cancel it, and gets no further with a retry', async () => {
    await appendMany(3);
    const [first, second, third] = await deliveries();
    await store.store.operations.cancel(second?.id ?? '');
    await store.store.operations.retry(third?.id ?? '');
    expect(await statuses()).toEqual(['pending', 'cancelled', 'blocked']);
    const [leased] = await lease();
    expect(leased?.id).toBe(first?.id);
  });
});

describe('the hand-over', () => {
  test('is for the first of a key alone; the place of the others is given back', async () => {
    await store.remove();
    store = await openTestStore({}, true);
    await Promise.all([append(inOrder('k')), append(inOrder('k')), append({ kind: 'pending', target: 'app' })]);
    const { record } = store;
    await waitFor('the hand-over', () => record.handed.length === 2 && record.reserved === 2);
  });

  test('of the next one comes with the end of the one before, without being asked for', async () => {
    await store.remove();
    store = await openTestStore({}, true);
    await append(inOrder('k'));
    await append(inOrder('k'));
    const { handed } = store.record;
    await waitFor('the first', () => handed.length === 1);
    await settle(handed[0] as LeasedDelivery, { kind: 'delivered' });
    await waitFor('the second', () => handed.length === 2);
    const [first, second] = await deliveries();
    expect(handed.map(({ id }) => id)).toEqual([first?.id, second?.id]);
    await settle(handed[1] as LeasedDelivery, { kind: 'delivered' });
    expect(await statuses()).toEqual(['delivered', 'delivered']);
  });

  test('that is not taken becomes work that is due', async () => {
    await appendMany(2);
    const [first] = await lease();
    store.record.woken.length = 0;
    await settle(first as LeasedDelivery, { kind: 'delivered' });
    await waitFor('the wake-up', () => store.record.woken.length > 0);
    expect(await lease()).toHaveLength(1);
  });
});

describe('a replay', () => {
  test('comes at the end of its key', async () => {
    await reconcile('skip');
    const event = await append(inOrder('k'));
    await append(inOrder('k'));
    await store.store.operations.replayEvent(event, ['app']);
    const [first, second, replayed] = await deliveries();
    expect(replayed).toMatchObject({ orderingKey: 'k', waitsFor: first?.id });
    const came: string[] = [];
    for (let i = 0; i < 3; i += 1) {
      for (const leased of await lease()) {
        came.push(leased.id);
        await settle(leased, { kind: 'delivered' });
      }
    }
    expect(came).toEqual([first?.id, second?.id, replayed?.id]);
  });

  test('to a target that the event did not go to has no key', async () => {
    await store.store.upkeep.reconcile(
      ['app', 'audit'],
      [ROUTE],
      [
        ['app', 'skip'],
        ['audit', 'skip'],
      ],
    );
    const event = await append(inOrder('k'));
    const replayed = await store.store.operations.replayEvent(event, ['audit']);
    expect(replayed).toMatchObject({ kind: 'found', value: [{ orderingKey: null, waitsFor: null }] });
  });
});

describe('a dead letter', () => {
  test('that blocks lets the others go once it is retried and delivered', async () => {
    await blockedByDead(3);
    expect(await statuses()).toEqual(['dead', 'blocked', 'blocked']);
    const [dead] = await deliveries();
    await store.store.operations.retry(dead?.id ?? '');
    const [again] = await lease();
    expect(again?.id).toBe(dead?.id);
    await settle(again as LeasedDelivery, { kind: 'delivered' });
    expect(await statuses()).toEqual(['delivered', 'pending', 'blocked']);
  });

  test('that blocks and grows old makes way when it is removed', async () => {
    await blockedByDead(2);
    store.store.upkeep.setAges({ deliveredMs: 1, deadMs: 1, rejectionsMs: 1 });
    store.clock.wall += 86_400_000;
    await store.store.upkeep.sweep();
    expect(await statuses()).toEqual(['pending']);
    expect(await lease()).toHaveLength(1);
  });

  test('that was passed over is tried again as it is, but not beside another of its key', async () => {
    await reconcile('skip');
    await appendMany(3);
    const [first] = await lease();
    await settle(first as LeasedDelivery, DEAD);
    const [second] = await lease();
    await store.store.operations.retry(first?.id ?? '');
    expect(await lease()).toEqual([]);
    store.record.woken.length = 0;
    await settle(second as LeasedDelivery, { kind: 'delivered' });
    await waitFor('the wake-up', () => store.record.woken.length > 0);
    expect((await lease()).map(({ id }) => id)).toEqual([first?.id]);
    expect(await statuses()).toEqual(['pending', 'delivered', 'blocked']);
  });
});

test('dead letters that are retried newest first go in their order, and nobody else waits for them', async () => {
  await reconcile('skip');
  await appendMany(20);
  for (let count = 0; count < 20; count += 1) await settle((await lease())[0] as LeasedDelivery, DEAD);
  for (const { id } of (await deliveries()).toReversed()) await store.store.operations.retry(id);
  store.clock.wall += 1;
  await append(inOrder('other'));
  const few = { deliveries: 5, bytes: ROOM.bytes };
  const ids = (await store.store.queue.lease('app', few)).deliveries.map(({ id }) => id);
  const all = await deliveries();
  expect(ids).toEqual([all[0]?.id, all[20]?.id]);
  expect((await statuses()).filter((status) => status === 'blocked')).toHaveLength(19);
});

describe('another configuration', () => {
  const many = 450; // more than one step's rows

  test('without ordering frees all that wait', async () => {
    await blockedByDead(many);
    expect(await reconcile(null)).toBe(many - 1);
    expect(await statuses()).toEqual(['dead', ...Array<string>(many - 1).fill('pending')]);
    expect(await lease()).toHaveLength(many - 1);
    expect(rowsIn(store.file, 'SELECT * FROM delivery_order')).toEqual([]);
  });

  test('that brings ordering back before it was switched off everywhere leaves nothing waiting for nobody', async () => {
    await reconcile('skip');
    await appendMany(MORE);
    const off = reconcile(null); // its first step goes at once; the next configuration ends it
    await reconcile('skip');
    await off;
    expect(await untilEmpty()).toBe(MORE);
  });

  test('that brings it back with the next start does so too', async () => {
    await reconcile('skip');
    await appendMany(MORE);
    const off = reconcile(null);
    const reopened = store.reopen();
    await off.catch(() => undefined);
    store = await reopened;
    await reconcile('block');
    expect(await untilEmpty()).toBe(MORE);
  });

  test('in which dead letters are passed over frees the next of each key', async () => {
    await reconcile('block');
    await appendMany(many, (index) => `k${index % 150}`);
    for (const leased of await lease()) await settle(leased, DEAD);
    expect(await reconcile('skip')).toBe(150);
    expect((await statuses()).filter((status) => status === 'pending')).toHaveLength(150);
    expect(await reconcile('skip')).toBe(0);
  });

  test('in which dead letters block leaves those alone that were passed over', async () => {
    await reconcile('skip');
    await appendMany(2);
    const [first] = await lease();
    await settle(first as LeasedDelivery, DEAD);
    await reconcile('block');
    expect(await lease()).toHaveLength(1);
  });

  test('is found out at the next start, and only then is anything looked at', async () => {
    await blockedByDead(3);
    store = await store.reopen();
    expect(await reconcile('block')).toBe(0);
    expect(await statuses()).toEqual(['dead', 'blocked', 'blocked']);
    store = await store.reopen();
    expect(await reconcile('skip')).toBe(1);
    expect(await statuses()).toEqual(['dead', 'pending', 'blocked']);
  });

  test('without the target holds what waits, and its order is there when the target is back', async () => {
    await reconcile('skip');
    await appendMany(3);
    await reconcile(null, ['other']);
    expect(await statuses()).toEqual(['held', 'held', 'held']);
    await reconcile('skip');
    expect(await statuses()).toEqual(['pending', 'blocked', 'blocked']);
    const ids = (await deliveries()).map(({ id }) => id);
    expect((await lease()).map(({ id }) => id)).toEqual(ids.slice(0, 1));
  });
});

describe('with encryption', () => {
  const K1 = { id: 'k1', key: Buffer.alloc(32, 1) };
  const K2 = { id: 'k2', key: Buffer.alloc(32, 2) };
  const withKeys = async (...encryption: { id: string; key: Uint8Array }[]): Promise<void> => {
    await store.store.close();
    store = await openTestStore({ file: store.file, encryption });
  };

  test('the key is not to be read on disk, and another encryption key changes nothing in the order', async () => {
    const key = 'somebody@example.com';
    await append(inOrder(key));
    await withKeys(K1);
    await append(inOrder(key));
    await append(inOrder('other@example.com'));
    await withKeys(K2, K1);
    await append(inOrder(key));
    expect(await statuses()).toEqual(['pending', 'blocked', 'pending', 'blocked']);
    const stored = rowsIn(store.file, 'SELECT ordering_key FROM deliveries ORDER BY seq').flat();
    // The line that began in the clear goes on so until it is empty.
    expect(stored).toEqual([key, key, expect.not.stringContaining('@'), key]);
  });
});

test('deleting an event frees what waits behind its deliveries', async () => {
  await blockedByDead(3);
  const [dead] = await deliveries();
  await store.store.deletions.event(dead?.eventId ?? '');
  expect(await statuses()).toEqual(['cancelled', 'pending', 'blocked']);
  expect(await lease()).toHaveLength(1);
});

test('a restart keeps the order, with an attempt that it cut off', async () => {
  await appendMany(3);
  const [first] = await lease();
  store = await store.reopen();
  expect((await lease()).map(({ id }) => id)).toEqual([first?.id]);
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/domain/attempt.ts';
import { openTestStore, type TestStore } from '../support/store.ts';
import {
  accept,
  DEAD,
  DELIVERED,
  deliveriesOf,
  leaseAll,
  leaseOne,
  RETRY,
  rowsIn,
  settle,
  statusOf,
} from '../support/store-steps.ts';
import { waitFor } from '../support/wait.ts';

let store: TestStore;
beforeEach(async () => {
  store = await openTestStore();
});
afterEach(() => store.remove());

const HERE = [['app'], ['knowledgesdk']] as const;
const reconcile = (targets: readonly string[], routes: readonly string[]): Promise<number> =>
  store.store.upkeep.reconcile(targets, routes);

function counts(): Record<string, number> {
  const rows = rowsIn(store.file, 'SELECT status, sum(count) FROM delivery_counts GROUP BY status HAVING sum(count) <> 0');
  return Object.fromEntries(rows);
}

describe('attempts', () => {
  test('the first lies on the row of its delivery, those before the last have rows of their own', async () => {
    await accept(store);
    const numbers = (): unknown[] => [
      rowsIn(store.file, "SELECT last_attempt ->> 'number', attempts FROM deliveries")[0],
      rowsIn(store.file, "SELECT number, attempt ->> 'number' FROM attempts ORDER BY number"),
    ];
    await settle(store, await leaseOne(store), RETRY);
    expect(numbers()).toEqual([[1, 1], []]);
    await settle(store, await leaseOne(store), RETRY);
    expect(numbers()).toEqual([[2, 2], [[1, 1]]]);
    await settle(store, await leaseOne(store), DELIVERED);
    expect(numbers()).toEqual([
      [3, 3],
      [
        [1, 1],
        [2, 2],
      ],
    ]);
  });

  test('of a target with a retry duration: the time is kept over a restart, and an operator’s retry begins anew', async () => {
    await accept(store);
    await settle(store, await leaseOne(store), { kind: 'retry', delayMs: 0, reason: 'timeout', spentMs: 1234 });
    store = await store.reopen();
    const leased = await leaseOne(store);
    expect(leased.budgetSpentMs).toBe(1234);
    await settle(store, leased, DEAD);
    expect(rowsIn(store.file, 'SELECT budget_spent_ms FROM deliveries')).toEqual([[1234]]);
    await store.store.operations.retry(leased.id);
    expect((await leaseOne(store)).budgetSpentMs).toBe(0);
  });

  test('are all shown, in order, also over an operator’s retry and a restart', async () => {
    const id = await accept(store);
    await settle(store, await leaseOne(store), RETRY);
    await settle(store, await leaseOne(store), DEAD);
    const [delivery] = await deliveriesOf(store, id);
    await store.store.operations.retry(delivery?.id ?? '');
    const leased = await leaseOne(store);
    expect(leased).toMatchObject({ attempts: 2, budgetStart: 2, trigger: 'manual' });
    await settle(store, leased, DELIVERED);
    store = await store.reopen();
    const found = await store.store.history.delivery(leased.id);
    if (found.kind !== 'found') throw new Error(found.kind);
    expect(found.value).toMatchObject({ status: 'delivered', attempts: 3 });
    const shown = found.value.history.map(({ number, trigger, outcome }) => [number, trigger, outcome]);
    expect(shown).toEqual([
      [1, 'initial', 'retry'],
      [2, 'retry', 'dead'],
      [3, 'manual', 'delivered'],
    ]);
  });

  test('the counts go with the statuses', async () => {
    for (let i = 0; i < 4; i += 1) await accept(store);
    const [first, second, third] = await leaseAll(store);
    if (first === undefined || second === undefined || third === undefined) throw new Error('too few are due');
    await Promise.all([settle(store, first, DELIVERED), settle(store, second, DEAD), settle(store, third, RETRY)]);
    expect(counts()).toEqual({ pending: 2, delivered: 1, dead: 1 });
    await store.store.operations.discard(second.id);
    expect(counts()).toEqual({ pending: 2, delivered: 1, cancelled: 1 });
  });
});

describe('a cancel while an attempt runs', () => {
  test.each<Outcome>([DELIVERED, RETRY, DEAD])(
    'stays a cancel when the attempt brings $kind, which is recorded',
    async (outcome) => {
      await accept(store);
      const leased = await leaseOne(store);
      expect(await store.store.operations.cancel(leased.id)).toMatchObject({ kind: 'done', delivery: { status: 'cancelled' } });
      expect(await settle(store, leased, outcome)).toBe('settled');
      const found = await store.store.history.delivery(leased.id);
      expect(found).toMatchObject({ value: { status: 'cancelled', attempts: 1, history: [{ outcome: outcome.kind }] } });
      expect(await settle(store, leased, outcome)).toBe('stale');
      expect([await leaseAll(store), counts()]).toEqual([[], { cancelled: 1 }]);
    },
  );
});

describe('a target or route that is removed', () => {
  test.each([
    ['target_removed', [], ['knowledgesdk']],
    ['route_removed', ['app'], []],
  ])('%s: its deliveries are held, and pending again when it is back', async (reason, targets, routes) => {
    const id = await accept(store);
    expect(await reconcile(targets, routes)).toBe(1);
    expect(await deliveriesOf(store, id)).toMatchObject([{ status: 'held', reason, nextAttemptAt: null }]);
    expect([await leaseAll(store), counts()]).toEqual([[], { held: 1 }]);
    store.record.woken.splice(0);
    store.clock.wall += 5000;
    expect(await reconcile(...HERE)).toBe(1);
    expect(await leaseAll(store)).toHaveLength(1);
    expect(store.record.woken).toEqual([{ target: 'app', dueAt: store.clock.wall }]);
  });

  test('leaves all others alone, and a second look finds nothing to do', async () => {
    await accept(store, {}, ['app', 'audit']);
    await accept(store, { route: 'stripe' }, ['audit']);
    expect(await reconcile(['app', 'audit'], ['knowledgesdk'])).toBe(1);
    expect(await reconcile(['app', 'audit'], ['knowledgesdk'])).toBe(0);
    expect(rowsIn(store.file, "SELECT route, target FROM deliveries WHERE status = 'held'")).toEqual([['stripe', 'audit']]);
  });

  test('moves more than one step of rows', async () => {
    await Promise.all(Array.from({ length: 450 }, () => accept(store)));
    expect(await reconcile([], ['knowledgesdk'])).toBe(450);
    expect(await reconcile(...HERE)).toBe(450);
    expect(await leaseAll(store)).toHaveLength(450);
  });

  test('an attempt in flight that succeeds has delivered', async () => {
    await accept(store);
    const leased = await leaseOne(store);
    await reconcile([], ['knowledgesdk']);
    expect(await settle(store, leased, DELIVERED)).toBe('settled');
    expect(counts()).toEqual({ delivered: 1 });
  });

  test('an attempt in flight that fails leaves it held', async () => {
    await accept(store);
    const leased = await leaseOne(store);
    await reconcile([], ['knowledgesdk']);
    await settle(store, leased, RETRY);
    expect(await statusOf(store, leased.id)).toBe('held');
    await reconcile(...HERE);
    expect(await leaseOne(store)).toMatchObject({ attempts: 1 });
  });

  test('removed and back while an attempt runs: its failure is retried as if nothing had been', async () => {
    await accept(store);
    const leased = await leaseOne(store);
    await reconcile([], ['knowledgesdk']);
    await reconcile(...HERE);
    expect(await leaseAll(store)).toEqual([]);
    await settle(store, leased, RETRY);
    expect(await leaseOne(store)).toMatchObject({ id: leased.id, attempts: 1, trigger: 'retry' });
  });

  test('of two configurations that follow each other at once the later one counts, and both come to an end', async () => {
    const id = await accept(store);
    let ended = 0;
    for (const targets of [[], ['app']]) void reconcile(targets, ['knowledgesdk']).then(() => (ended += 1));
    await waitFor('end of both', () => ended === 2, { timeoutMs: 3000 });
    expect((await deliveriesOf(store, id))[0]?.status).toBe('pending');
  });
});

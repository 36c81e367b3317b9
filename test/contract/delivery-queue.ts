import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DeliveryQueue } from '../../src/deliver/ports.ts';
import type { Attempt, Outcome } from '../../src/domain/attempt.ts';
import type { DeliveryStatus } from '../../src/domain/delivery.ts';
import type { EventContent, LeasedDelivery } from '../../src/domain/leased-delivery.ts';
import { leaseDue } from '../support/store-steps.ts';

/** What a test reads back of a delivery, past the port. */
export interface StoredDelivery {
  status: DeliveryStatus;
  reason: string | null;
  attempts: number;
  dueAt: number | null;
}

/** One empty queue with the two openings that the suite needs beside the port. */
export interface QueueUnderTest {
  queue: DeliveryQueue;
  /** The wall clock that the queue goes by, ms. The suite never moves it. */
  now(): number;
  /** Stores a pending delivery that is due at the given wall time; resolves to its id. */
  add(delivery: {
    target: string;
    dueAt: number;
    event?: Partial<Omit<EventContent, 'id'>>;
    orderingKey?: string;
  }): Promise<string>;
  /** From now on a dead letter of this target blocks those behind it. */
  blockOnDead(target: string): Promise<void>;
  cancel(deliveryId: string): Promise<void>;
  read(deliveryId: string): Promise<StoredDelivery>;
  close(): Promise<void>;
}

const ROOMY = { deliveries: 100, bytes: 1024 * 1024 };
const HOUR = 3_600_000;

function attemptOf(leased: LeasedDelivery, outcome: Outcome, now: number): Attempt {
  const delivered = outcome.kind === 'delivered';
  return {
    number: leased.attempts + 1,
    trigger: leased.trigger,
    startedAt: now,
    durationMs: 12.5,
    outcome: outcome.kind,
    statusCode: delivered ? 200 : 500,
    error: delivered ? null : { code: 'target_status', message: 'The target answered 500' },
    response: { headers: [['content-type', 'text/plain']], body: 'answer', truncated: false },
  };
}

/** Every implementation of the dispatcher's DeliveryQueue holds to this. */
export function deliveryQueueContract(name: string, open: () => Promise<QueueUnderTest>): void {
  describe(`DeliveryQueue: ${name}`, () => {
    let under: QueueUnderTest;
    let queue: DeliveryQueue;

    beforeEach(async () => {
      under = await open();
      queue = under.queue;
    });
    afterEach(() => under.close());

    const due = (target: string, agoMs = 1000): Promise<string> => under.add({ target, dueAt: under.now() - agoMs });
    const leaseOne = async (target: string): Promise<LeasedDelivery> => {
      const [leased] = (await queue.lease(target, { deliveries: 1, bytes: ROOMY.bytes })).deliveries;
      if (leased === undefined) throw new Error(`nothing of ${target} was due`);
      return leased;
    };
    const leasedIds = async (target: string): Promise<string[]> =>
      (await leaseDue(queue, target, () => under.now())).map((leased) => leased.id);

    describe('lease', () => {
      test('brings the whole event, byte for byte', async () => {
        const event = {
          route: 'knowledgesdk',
          type: 'PAGE_SCRAPED',
          receivedAt: under.now() - 5000,
          method: 'PUT',
          path: '/webhooks/knowledgesdk',
          query: 'a=1&a=%20',
          peer: '203.0.113.7',
          headers: [
            ['X-Twice', 'one'],
            ['content-type', 'application/octet-stream'],
            ['x-twice', 'caf\u00e9'],
          ],
          body: Buffer.from([0, 255, 195, 40, 10]),
        } satisfies Partial<EventContent>;
        const id = await under.add({ target: 'app', dueAt: under.now() - 1, event });
        const leased = await leaseOne('app');
        expect(leased).toMatchObject({ id, target: 'app', attempts: 0, budgetStart: 0, budgetSpentMs: 0, trigger: 'initial' });
        expect(leased.event).toMatchObject({ ...event, body: expect.anything() });
        expect(Buffer.compare(leased.event.body, event.body)).toBe(0);
        expect(leased.event.id).toMatch(/./);
      });

      test('keeps empty bodies and missing types as they are', async () => {
        await under.add({ target: 'app', dueAt: under.now() - 1, event: { body: Buffer.alloc(0), type: null, query: '' } });
        const { event } = await leaseOne('app');
        expect([event.body.length, event.type, event.query]).toEqual([0, null, '']);
      });

      test('goes by due time, oldest first', async () => {
        const third = await due('app', 1000);
        const first = await due('app', 3000);
        const second = await due('app', 2000);
        expect(await leasedIds('app')).toEqual([first, second, third]);
      });

      test('claims once only, with a claim that is never given again', async () => {
        await due('app');
        await due('app');
        const leases = (await queue.lease('app', ROOMY)).deliveries.map((leased) => leased.lease);
        expect(new Set(leases).size).toBe(2);
        expect(await leasedIds('app')).toEqual([]);
      });

      test('gives two calls at once no delivery in common', async () => {
        const ids = await Promise.all(Array.from({ length: 10 }, () => due('app')));
        const [one, two] = await Promise.all([leasedIds('app'), leasedIds('app')]);
        expect([...one, ...two].sort()).toEqual(ids.sort());
      });

      test('leaves other targets alone', async () => {
        await due('other');
        expect(await queue.lease('app', ROOMY)).toEqual({ deliveries: [], nextDueAt: null });
      });

      test('keeps to the number asked for, and says that more is due', async () => {
        await due('app', 3000);
        await due('app', 2000);
        const waiting = under.now() - 1000;
        await under.add({ target: 'app', dueAt: waiting });
        const batch = await queue.lease('app', { deliveries: 2, bytes: ROOMY.bytes });
        expect(batch.deliveries).toHaveLength(2);
        expect(batch.nextDueAt).toBe(waiting);
      });

      test('keeps to the bytes asked for', async () => {
        const body = Buffer.alloc(600);
        for (const ago of [3, 2, 1]) await under.add({ target: 'app', dueAt: under.now() - ago, event: { body } });
        const batch = await queue.lease('app', { deliveries: 10, bytes: 1200 });
        expect(batch.deliveries).toHaveLength(2);
        expect(batch.nextDueAt).toBeLessThanOrEqual(under.now());
      });

      test('claims one that is larger than all the room', async () => {
        await under.add({ target: 'app', dueAt: under.now() - 1, event: { body: Buffer.alloc(2000) } });
        expect((await queue.lease('app', { deliveries: 10, bytes: 100 })).deliveries).toHaveLength(1);
      });

      test('leaves what is not due, and says when it will be', async () => {
        const later = under.now() + HOUR;
        await under.add({ target: 'app', dueAt: later + HOUR });
        await under.add({ target: 'app', dueAt: later });
        const id = await due('app');
        const batch = await queue.lease('app', ROOMY);
        expect(batch.deliveries.map((leased) => leased.id)).toEqual([id]);
        expect(batch.nextDueAt).toBe(later);
      });

      test('does not count what is leased already as next', async () => {
        await due('app');
        await leaseOne('app');
        expect(await queue.lease('app', ROOMY)).toEqual({ deliveries: [], nextDueAt: null });
      });
    });

    describe('order', () => {
      const inOrder = (orderingKey: string, target = 'app', agoMs = 1000): Promise<string> =>
        under.add({ target, dueAt: under.now() - agoMs, orderingKey });
      const end = async (leased: LeasedDelivery, outcome: Outcome): Promise<void> => {
        await queue.settle(leased, attemptOf(leased, outcome, under.now()), outcome);
      };

      test('deliveries of one key come one at a time, as they were added', async () => {
        const ids = [await inOrder('k'), await inOrder('k', 'app', 5000), await inOrder('k')];
        const came: string[] = [];
        for (const _ of ids) {
          const { deliveries } = await queue.lease('app', ROOMY);
          expect(deliveries).toHaveLength(1);
          for (const leased of deliveries) {
            came.push(leased.id);
            await end(leased, { kind: 'delivered' });
          }
        }
        expect(came).toEqual(ids);
        expect(await queue.lease('app', ROOMY)).toEqual({ deliveries: [], nextDueAt: null });
      });

      test('other keys, other targets and those without a key do not wait', async () => {
        await inOrder('k');
        await inOrder('k');
        const others = [await inOrder('l'), await due('app')];
        const elsewhere = await inOrder('k', 'audit');
        expect(await leasedIds('app')).toEqual([expect.any(String), ...others]);
        expect(await leasedIds('audit')).toEqual([elsewhere]);
      });

      test('a delivery that waits says for what, and is not due', async () => {
        await inOrder('k');
        const second = await inOrder('k');
        expect(await under.read(second)).toEqual({ status: 'pending', reason: 'waits_for_order', attempts: 0, dueAt: null });
      });

      test('a retry keeps its place', async () => {
        const first = await inOrder('k');
        await inOrder('k');
        await end(await leaseOne('app'), { kind: 'retry', delayMs: HOUR, reason: 'timeout' });
        expect(await queue.lease('app', ROOMY)).toEqual({ deliveries: [], nextDueAt: (await under.read(first)).dueAt });
      });

      test('one that was given back keeps its place', async () => {
        const first = await inOrder('k');
        await inOrder('k');
        queue.release([await leaseOne('app')]);
        expect(await leasedIds('app')).toEqual([first]);
      });

      test('after a dead letter the next one goes on', async () => {
        await inOrder('k');
        const second = await inOrder('k');
        await end(await leaseOne('app'), { kind: 'dead', reason: 'attempts_exhausted' });
        expect(await leasedIds('app')).toEqual([second]);
      });

      test('a dead letter blocks where that is asked for', async () => {
        await under.blockOnDead('app');
        await inOrder('k');
        await inOrder('k');
        const other = await inOrder('l');
        await end(await leaseOne('app'), { kind: 'dead', reason: 'attempts_exhausted' });
        expect(await leasedIds('app')).toEqual([other]);
      });

      test('a cancelled one makes way, but not before its attempt has ended', async () => {
        const first = await inOrder('k');
        const second = await inOrder('k');
        const leased = await leaseOne('app');
        await under.cancel(first);
        expect(await leasedIds('app')).toEqual([]);
        await end(leased, { kind: 'retry', delayMs: 0, reason: 'cancelled' });
        expect(await leasedIds('app')).toEqual([second]);
      });

      test('one that is cancelled while it waits is passed over', async () => {
        await inOrder('k');
        const second = await inOrder('k');
        const third = await inOrder('k');
        await under.cancel(second);
        await end(await leaseOne('app'), { kind: 'delivered' });
        expect(await leasedIds('app')).toEqual([third]);
      });
    });

    describe('release', () => {
      test('makes a delivery due again, unspent and under a new claim', async () => {
        const id = await due('app');
        const first = await leaseOne('app');
        queue.release([first]);
        const second = await leaseOne('app');
        expect(second).toMatchObject({ id, attempts: 0, trigger: 'initial' });
        expect(second.lease).not.toBe(first.lease);
      });

      test('passes over a claim that is gone', async () => {
        await due('app');
        const first = await leaseOne('app');
        queue.release([first]);
        await leaseOne('app');
        queue.release([first]);
        expect(await leasedIds('app')).toEqual([]);
      });
    });

    describe('settle', () => {
      const settleAs = async (outcome: Outcome): Promise<{ leased: LeasedDelivery; stored: StoredDelivery }> => {
        await due('app');
        const leased = await leaseOne('app');
        expect(await queue.settle(leased, attemptOf(leased, outcome, under.now()), outcome)).toEqual({ kind: 'settled' });
        return { leased, stored: await under.read(leased.id) };
      };

      test('delivered is the end', async () => {
        const { stored } = await settleAs({ kind: 'delivered' });
        expect(stored).toEqual({ status: 'delivered', reason: null, attempts: 1, dueAt: null });
        expect(await queue.lease('app', ROOMY)).toEqual({ deliveries: [], nextDueAt: null });
      });

      test('filtered is the end, with its reason, and counts no attempt', async () => {
        await due('app');
        const leased = await leaseOne('app');
        const outcome = { kind: 'filtered', reason: 'filter: payload.x' } as const;
        expect(await queue.settle(leased, null, outcome)).toEqual({ kind: 'settled' });
        expect(await under.read(leased.id)).toEqual({ status: 'filtered', reason: outcome.reason, attempts: 0, dueAt: null });
        expect(await queue.lease('app', ROOMY)).toEqual({ deliveries: [], nextDueAt: null });
        expect(await queue.settle(leased, null, outcome)).toEqual({ kind: 'stale' });
      });

      test('dead is the end, with its reason', async () => {
        const { stored } = await settleAs({ kind: 'dead', reason: 'attempts_exhausted' });
        expect(stored).toEqual({ status: 'dead', reason: 'attempts_exhausted', attempts: 1, dueAt: null });
        expect(await queue.lease('app', ROOMY)).toEqual({ deliveries: [], nextDueAt: null });
      });

      test('retry waits for its delay', async () => {
        const { stored } = await settleAs({ kind: 'retry', delayMs: HOUR, reason: 'timeout' });
        expect(stored).toMatchObject({ status: 'pending', reason: 'timeout', attempts: 1 });
        const wait = (stored.dueAt ?? 0) - under.now();
        expect(wait).toBeGreaterThan(HOUR - 60_000);
        expect(wait).toBeLessThanOrEqual(HOUR);
        expect(await queue.lease('app', ROOMY)).toEqual({ deliveries: [], nextDueAt: stored.dueAt });
      });

      test('retry without a delay is due at once, as a retry', async () => {
        const { leased } = await settleAs({ kind: 'retry', delayMs: 0, reason: 'timeout' });
        expect(await leaseOne('app')).toMatchObject({ id: leased.id, attempts: 1, budgetStart: 0, trigger: 'retry' });
      });

      test('what a budget has spent of its duration comes with the next lease', async () => {
        const { leased } = await settleAs({ kind: 'retry', delayMs: 0, reason: 'timeout', spentMs: 700 });
        expect(leased.budgetSpentMs).toBe(0);
        const again = await leaseOne('app');
        expect(again).toMatchObject({ id: leased.id, budgetSpentMs: 700 });
        const outcome: Outcome = { kind: 'retry', delayMs: 0, reason: 'timeout', spentMs: 30 };
        await queue.settle(again, attemptOf(again, outcome, under.now()), outcome);
        expect(await leaseOne('app')).toMatchObject({ budgetSpentMs: 730 });
      });

      test('an attempt that pauses its target spends nothing; its delivery is due', async () => {
        const { leased, stored } = await settleAs({ kind: 'paused', reason: 'paused_on_status' });
        expect(stored).toMatchObject({ status: 'pending', reason: 'paused_on_status', attempts: 1 });
        const again = await leaseOne('app');
        expect(again).toMatchObject({ id: leased.id, attempts: 1, budgetStart: 1, budgetSpentMs: 0, trigger: 'retry' });
      });

      test('refuses a claim that is gone and changes nothing', async () => {
        const { leased, stored } = await settleAs({ kind: 'delivered' });
        const dead: Outcome = { kind: 'dead', reason: 'attempts_exhausted' };
        expect(await queue.settle(leased, attemptOf(leased, dead, under.now()), dead)).toEqual({ kind: 'stale' });
        expect(await under.read(leased.id)).toEqual(stored);
      });

      test('takes many at once, each with its own result', async () => {
        for (let i = 0; i < 20; i += 1) await due('app');
        const deliveries = await leaseDue(queue, 'app', () => under.now());
        expect(deliveries).toHaveLength(20);
        const results = await Promise.all(
          deliveries.map((leased, i) => {
            const claim = i % 5 === 0 ? { id: leased.id, lease: leased.lease + 1_000_000 } : leased;
            return queue.settle(claim, attemptOf(leased, { kind: 'delivered' }, under.now()), { kind: 'delivered' });
          }),
        );
        expect(results.map((result) => result.kind)).toEqual(deliveries.map((_, i) => (i % 5 === 0 ? 'stale' : 'settled')));
      });
    });
  });
}

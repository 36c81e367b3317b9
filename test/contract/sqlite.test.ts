import type { PlannedDelivery } from '../../src/domain/event.ts';
import { parseId } from '../../src/domain/ids.ts';
import type { LeasedDelivery } from '../../src/domain/leased-delivery.ts';
import type { DeliveryView } from '../../src/store/sqlite/views.ts';
import { newEvent, openTestStore, type TestStore } from '../support/store.ts';
import { leaseAll } from '../support/store-steps.ts';
import { deliveryQueueContract } from './delivery-queue.ts';
import { historyContract } from './history.ts';

const YEAR_MS = 365 * 86_400_000;

async function appended(
  test: TestStore,
  event: Parameters<typeof newEvent>[0],
  targets: readonly string[],
  quarantine: string | null = null,
  order: { orderingKey?: string } = {},
): Promise<string> {
  const planned = targets.map(
    (target): PlannedDelivery =>
      quarantine === null ? { kind: 'pending', target, ...order } : { kind: 'held', target, reason: quarantine },
  );
  const result = await test.store.log.append(newEvent(event), planned);
  if (result.kind !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(result)}`);
  return result.eventId;
}

async function viewOf(test: TestStore, id: string): Promise<DeliveryView> {
  const found = await test.store.history.delivery(id);
  if (found.kind !== 'found') throw new Error(`no delivery ${id}`);
  return found.value;
}

async function onlyDelivery(test: TestStore, eventId: string): Promise<string> {
  const found = await test.store.history.event(eventId);
  const id = found.kind === 'found' ? found.value.deliveries[0]?.id : undefined;
  if (id === undefined) throw new Error(`event ${eventId} has no delivery`);
  return id;
}

deliveryQueueContract('SQLite', async () => {
  const test = await openTestStore();
  const start = test.clock.wall;
  return {
    queue: test.store.queue,
    now: () => start,
    // A delivery is due when it is appended, so the clock stands there meanwhile.
    add: async ({ target, dueAt, event, orderingKey }) => {
      test.clock.wall = dueAt;
      const eventId = await appended(test, event, [target], null, orderingKey === undefined ? {} : { orderingKey });
      test.clock.wall = start;
      return onlyDelivery(test, eventId);
    },
    blockOnDead: async (target) => void (await test.store.upkeep.reconcile([target], ['knowledgesdk'], [[target, 'block']])),
    cancel: async (id) => void (await test.store.operations.cancel(id)),
    read: async (id) => {
      const { status, reason, attempts, nextAttemptAt } = await viewOf(test, id);
      return { status, reason, attempts, dueAt: nextAttemptAt };
    },
    close: () => test.remove(),
  };
});

historyContract('SQLite', async ({ targetsOf }) => {
  const test = await openTestStore({ targetsOf });
  const { store, clock } = test;
  const lease = async (id: string): Promise<LeasedDelivery> => {
    const { target } = await viewOf(test, id);
    const deliveries = await leaseAll(test, target);
    const leased = deliveries.find((delivery) => delivery.id === id);
    store.queue.release(deliveries.filter((delivery) => delivery !== leased));
    if (leased === undefined) throw new Error(`${id} is not due`);
    return leased;
  };
  return {
    history: store.history,
    operations: store.operations,
    work: store.tasks,
    deletions: store.deletions,
    append: (event, targets) => appended(test, event, targets),
    quarantine: (event, targets, reason) => appended(test, event, targets, reason),
    lease: async (id) => void (await lease(id)),
    settle: async (id, attempt, outcome) => void (await store.queue.settle(await lease(id), attempt, outcome)),
    hold: async (id) => {
      const { target, route } = await viewOf(test, id);
      const others = (await store.history.targetCounts()).map((counts) => counts.target).filter((name) => name !== target);
      await store.upkeep.reconcile(others, [route]);
    },
    reject: async (rejection) => {
      store.rejections.record(rejection);
      await store.rejections.flush();
    },
    did: async (entry) => store.audit.record(entry),
    expire: async (eventId) => {
      const now = clock.wall;
      clock.wall = (parseId('evt', eventId)?.time ?? now) + YEAR_MS;
      store.upkeep.setAges({ deliveredMs: 1, deadMs: 1, rejectionsMs: YEAR_MS });
      await store.upkeep.sweep();
      clock.wall = now;
    },
    close: () => test.remove(),
  };
});

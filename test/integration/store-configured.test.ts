import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestStore, type TestStore } from '../support/store.ts';
import { accept, deliveriesOf, leaseOne, settle } from '../support/store-steps.ts';

/** Deliveries of a target or a route that the configuration does not have cannot be made pending by an operator. */
const targets = new Set(['app']);
const routes = new Set(['knowledgesdk']);
let store: TestStore;

beforeEach(async () => {
  store = await openTestStore({ configured: () => ({ targets, routes }), targetsOf: () => ['app'] });
  targets.add('app');
  routes.add('knowledgesdk');
});
afterEach(() => store.remove());

async function deadLetter(): Promise<{ event: string; delivery: string }> {
  const event = await accept(store);
  await settle(store, await leaseOne(store), { kind: 'dead', reason: 'attempts_exhausted' });
  return { event, delivery: (await deliveriesOf(store, event))[0]?.id ?? '' };
}

const statusOf = async (event: string): Promise<string | undefined> => (await deliveriesOf(store, event))[0]?.status;

test('a retry names the target that is gone, and changes nothing', async () => {
  const { event, delivery } = await deadLetter();
  targets.delete('app');
  await expect(store.store.operations.retry(delivery)).rejects.toMatchObject({ code: 'unknown_target', status: 409 });
  await expect(store.store.operations.replayEvent(event, ['app'])).rejects.toMatchObject({ code: 'unknown_target' });
  expect(await statusOf(event)).toBe('dead');
});

test('a retry names the route that is gone', async () => {
  const { delivery } = await deadLetter();
  routes.delete('knowledgesdk');
  await expect(store.store.operations.retry(delivery)).rejects.toMatchObject({ code: 'unknown_route', status: 409 });
});

test('a bulk replay counts as failed what it cannot deliver', async () => {
  const { event } = await deadLetter();
  const { id } = await store.store.operations.startReplay({ filter: { status: 'dead' }, targets: null, ratePerSecond: null });
  targets.delete('app');
  await store.store.tasks.materialise(id);
  expect(await store.store.tasks.step(id, 10)).toMatchObject({ done: 0, failed: 1, finished: true });
  expect(await statusOf(event)).toBe('dead');
});

test('a cancel reaches the dispatcher, a retry takes a queued delivery out of its hands first', async () => {
  const event = await accept(store);
  const [delivery] = await deliveriesOf(store, event);
  const id = delivery?.id ?? '';
  await store.store.operations.retry(id);
  expect(store.record.withdrawn).toEqual([id]);
  await store.store.operations.cancel(id);
  expect(store.record.cancelled).toEqual([id]);
});

test('what belongs to a route that is gone is held when it would be leased', async () => {
  const event = await accept(store);
  routes.delete('knowledgesdk');
  expect((await store.store.queue.lease('app', { deliveries: 10, bytes: 1_000_000 })).deliveries).toEqual([]);
  expect(await statusOf(event)).toBe('held');
});

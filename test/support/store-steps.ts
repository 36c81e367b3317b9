import Sqlite from 'better-sqlite3';
import type { DeliveryQueue } from '../../src/deliver/ports.ts';
import type { Attempt, Outcome } from '../../src/domain/attempt.ts';
import type { NewEvent } from '../../src/domain/event.ts';
import type { LeasedDelivery } from '../../src/domain/leased-delivery.ts';
import type { DeliveryView } from '../../src/store/sqlite/views.ts';
import { newEvent, type TestStore } from './store.ts';

export const ROOM = { deliveries: 1000, bytes: 64 * 1024 * 1024 };
export const DAY_MS = 86_400_000;

/** Appends an event that must be taken. @returns its id */
export async function accept(
  test: TestStore,
  event: Partial<NewEvent> = {},
  targets: readonly string[] = ['app'],
): Promise<string> {
  const planned = targets.map((target) => ({ kind: 'pending' as const, target }));
  const result = await test.store.log.append(newEvent(event), planned);
  if (result.kind !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(result)}`);
  return result.eventId;
}

export async function deliveriesOf(test: TestStore, eventId: string): Promise<DeliveryView[]> {
  const found = await test.store.history.event(eventId);
  if (found.kind !== 'found') throw new Error(`event ${eventId} is ${found.kind}`);
  return found.value.deliveries;
}

export async function statusOf(test: TestStore, deliveryId: string): Promise<string> {
  const found = await test.store.history.delivery(deliveryId);
  return found.kind === 'found' ? found.value.status : found.kind;
}

/** Leases until nothing more is due: one lease takes only as long as others can wait for it. */
export async function leaseDue(
  queue: Pick<DeliveryQueue, 'lease'>,
  target: string,
  now: () => number,
): Promise<LeasedDelivery[]> {
  const leased: LeasedDelivery[] = [];
  for (;;) {
    const { deliveries, nextDueAt } = await queue.lease(target, ROOM);
    leased.push(...deliveries);
    if (deliveries.length === 0 || nextDueAt === null || nextDueAt > now()) return leased;
  }
}

/** Leases all that is due for the target. */
export async function leaseAll(test: TestStore, target = 'app'): Promise<LeasedDelivery[]> {
  return leaseDue(test.store.queue, target, () => test.clock.wall);
}

/** @throws Error unless exactly one delivery is due */
export async function leaseOne(test: TestStore, target = 'app'): Promise<LeasedDelivery> {
  const [leased, ...more] = await leaseAll(test, target);
  if (leased === undefined || more.length > 0) throw new Error(`${leased === undefined ? 0 : more.length + 1} are due`);
  return leased;
}

export function attemptOf(leased: LeasedDelivery, outcome: Outcome, now: number): Attempt {
  const isDelivered = outcome.kind === 'delivered';
  return {
    number: leased.attempts + 1,
    trigger: leased.trigger,
    startedAt: now,
    durationMs: 12.5,
    outcome: outcome.kind,
    statusCode: isDelivered ? 200 : 500,
    error: isDelivered ? null : { code: 'target_status', message: 'The target answered 500' },
    response: { headers: [], body: 'answer', truncated: false },
  };
}

/** @returns whether it was settled or the lease was gone */
export async function settle(test: TestStore, leased: LeasedDelivery, outcome: Outcome): Promise<'settled' | 'stale'> {
  return (await test.store.queue.settle(leased, attemptOf(leased, outcome, test.clock.now()), outcome)).kind;
}

export const DELIVERED: Outcome = { kind: 'delivered' };
export const DEAD: Outcome = { kind: 'dead', reason: 'attempts_exhausted' };
export const RETRY: Outcome = { kind: 'retry', delayMs: 0, reason: 'timeout' };

/** Rows as a second connection to the file sees them. */
export function rowsIn(file: string, sql: string, ...params: (string | number)[]): unknown[][] {
  const db = new Sqlite(file, { readonly: true });
  try {
    return db
      .prepare(sql)
      .raw()
      .all(...params) as unknown[][];
  } finally {
    db.close();
  }
}

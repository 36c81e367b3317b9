import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestStore, setClock, type TestStore } from '../support/store.ts';
import { accept, DELIVERED, deliveriesOf, leaseAll, ROOM, settle } from '../support/store-steps.ts';

const START = 1_700_000_000_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let store: TestStore;
let clock: ReturnType<typeof setClock>;
beforeEach(async () => {
  clock = setClock(START);
  store = await openTestStore({ clock });
});
afterEach(() => store.remove());

const retryIn = (delayMs: number) => ({ kind: 'retry', delayMs, reason: 'timeout' }) as const;

/** Accepts an event and has its delivery to the target fail once. @returns the event's id */
async function failing(target: string, delayMs: number): Promise<string> {
  const id = await accept(store, { receivedAt: clock.wall }, [target]);
  for (const leased of await leaseAll(store, target)) await settle({ ...store, clock }, leased, retryIn(delayMs));
  return id;
}

async function setBack(byMs: number): Promise<number> {
  clock.wall += byMs;
  return store.store.upkeep.clockSetBack(byMs);
}

const dueOf = async (id: string): Promise<number | null> => (await deliveriesOf(store, id))[0]?.nextAttemptAt ?? null;

test('set back by an hour, what waits keeps the wait that it had', async () => {
  const soon = await failing('app', 5_000);
  const late = await failing('audit', 2 * DAY);
  expect(await setBack(-HOUR)).toBe(2);
  expect([await dueOf(soon), await dueOf(late)]).toEqual([START - HOUR + 5_000, START - HOUR + 2 * DAY]);
  expect(store.record.woken).toEqual(
    expect.arrayContaining([
      { target: 'app', dueAt: START - HOUR + 5_000 },
      { target: 'audit', dueAt: START - HOUR + 2 * DAY },
    ]),
  );
  clock.wall += 4_999;
  expect(await leaseAll(store)).toHaveLength(0);
  clock.wall += 1;
  expect(await leaseAll(store)).toHaveLength(1);
});

test('what was due before is due after', async () => {
  await accept(store, { receivedAt: START });
  await setBack(-HOUR);
  expect(await leaseAll(store)).toHaveLength(1);
});

test('what is due by the new clock, finished or held stays as it is', async () => {
  clock.wall = START - 2 * HOUR;
  const old = await accept(store, { receivedAt: clock.wall }, ['other']);
  const done = await accept(store, { receivedAt: clock.wall });
  for (const leased of await leaseAll(store)) await settle({ ...store, clock }, leased, DELIVERED);
  const held = await failing('gone', DAY);
  await store.store.upkeep.reconcile(['app', 'other'], ['knowledgesdk']);
  clock.wall = START;
  const before = await Promise.all([old, done, held].map((id) => deliveriesOf(store, id)));
  expect(await setBack(-HOUR)).toBe(0);
  expect(await Promise.all([old, done, held].map((id) => deliveriesOf(store, id)))).toEqual(before);
});

test('a delivery that is being attempted goes on, and waits from its end', async () => {
  const id = await accept(store, { receivedAt: START });
  const [leased] = await leaseAll(store);
  if (leased === undefined) throw new Error('nothing was due');
  await setBack(-HOUR);
  expect(await leaseAll(store)).toHaveLength(0);
  expect(await settle({ ...store, clock }, leased, retryIn(MINUTE))).toBe('settled');
  expect(await dueOf(id)).toBe(START - HOUR + MINUTE);
});

test('many are moved in steps, each once', async () => {
  const ids = await Promise.all(
    Array.from({ length: 700 }, (_, n) => accept(store, { receivedAt: START }, [n % 2 === 0 ? 'app' : 'audit'])),
  );
  for (const target of ['app', 'audit']) {
    const leased = await leaseAll(store, target);
    await Promise.all(leased.map((each, n) => settle({ ...store, clock }, each, retryIn(n < 5 ? DAY : MINUTE * (1 + (n % 90))))));
  }
  const before = new Map(await Promise.all(ids.map(async (id) => [id, await dueOf(id)] as const)));
  expect(await setBack(-HOUR)).toBe(700);
  for (const [id, due] of before) expect(await dueOf(id)).toBe((due ?? 0) - HOUR);
});

test('a step reads no more than it moves, however much is due', () => {
  const db = new Sqlite(store.file, { readonly: true });
  const plan = db
    .prepare(
      "EXPLAIN QUERY PLAN SELECT seq, due_at FROM deliveries WHERE status = 'pending' AND target = ? AND (due_at, seq) > (?, ?) ORDER BY due_at, seq LIMIT ?",
    )
    .all('app', 1, 1, ROOM.deliveries) as { detail: string }[];
  db.close();
  expect(plan.map(({ detail }) => detail)).toEqual([
    expect.stringMatching(/^SEARCH deliveries USING (?:COVERING )?INDEX deliveries_due \(target=\? AND \(?due_at/),
  ]);
});

test('a sweep asks the clock first, and removes nothing when it has just jumped', async () => {
  const id = await accept(store, { receivedAt: START });
  for (const leased of await leaseAll(store)) await settle({ ...store, clock }, leased, DELIVERED);
  store.store.upkeep.watchClock(() => store.store.upkeep.suspend(clock.wall > START + 100 * DAY));
  clock.wall = START + 1000 * DAY;
  expect(await store.store.upkeep.sweep()).toBe(0);
  expect((await store.store.history.event(id)).kind).toBe('found');
  clock.wall = START + 20 * DAY;
  expect(await store.store.upkeep.sweep()).toBe(1);
});

import { afterEach, describe, expect, test } from 'vitest';
import type { TargetConfig } from '../../src/config/types.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { type DispatchBench, openDispatch, steadyRetry, targetOf } from '../support/dispatch.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { type Behaviour, failingAtRate, ok, type Receiver, startReceiver } from '../support/receiver.ts';
import { waitFor } from '../support/wait.ts';

const QUICK = steadyRetry(5);
const HANG: Behaviour = { kind: 'hang' };

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function receiver(behaviour?: Parameters<typeof startReceiver>[0]): Promise<Receiver> {
  const started = await startReceiver(behaviour);
  closing.push(() => started.close());
  return started;
}

function dispatch(targets: TargetConfig[], clock = systemClock): DispatchBench {
  const bench = openDispatch(targets, clock);
  closing.push(() => bench.dispatcher.stop({ graceMs: 0 }));
  return bench;
}

/** Started, and past its first look into the store. */
async function started(targets: TargetConfig[], clock = systemClock): Promise<DispatchBench> {
  const bench = dispatch(targets, clock);
  bench.dispatcher.start();
  await waitFor('first look into the store', () => targets.every(({ name }) => reservable(bench, name)));
  return bench;
}

function reservable({ dispatcher }: DispatchBench, target: string): boolean {
  const yes = dispatcher.reserve(target, 1, 'knowledgesdk');
  if (yes) dispatcher.unreserve(target, 1);
  return yes;
}

const nothingHeld = { deliveries: 0, bytes: 0, inFlight: 0, unsettled: 0, blocked: false, awaited: { deliveries: 0, bytes: 0 } };

describe('the way of a delivery', () => {
  test('handed after its commit, it is delivered without being leased', async () => {
    const app = await receiver();
    const bench = await started([targetOf('app', app.url)]);
    const id = bench.hand('app');
    await waitFor('delivery', () => id !== null && bench.status(id) === 'delivered');
    expect(bench.observed).toEqual(['app delivered 200', 'app delivered']);
    expect(bench.dispatcher.held()).toEqual(nothingHeld);
  });

  test('nothing is handed before the start, to unknown targets, or past what waits in the store', async () => {
    const app = await receiver();
    const bench = dispatch([targetOf('app', app.url)]);
    expect(reservable(bench, 'app')).toBe(false);
    bench.dispatcher.start();
    expect(reservable(bench, 'app')).toBe(false);
    await waitFor('first look into the store', () => reservable(bench, 'app'));
    expect(reservable(bench, 'nobody')).toBe(false);
    bench.dispatcher.wake('app');
    expect(reservable(bench, 'app')).toBe(false);
    await waitFor('second look', () => reservable(bench, 'app'));
    expect(bench.dispatcher.held()).toEqual(nothingHeld);
  });

  test('what is due at the start is delivered, in batches, oldest first', async () => {
    const app = await receiver();
    const bench = dispatch([targetOf('app', app.url, { concurrency: 1 })]);
    const ids = Array.from({ length: 1200 }, () => bench.add('app'));
    bench.dispatcher.start();
    await waitFor('all deliveries', () => bench.queue.rows().every(({ state }) => state.status === 'delivered'));
    expect(app.received.map(({ headers }) => headers['hookbay-delivery-id'])).toEqual(ids);
    expect(bench.dispatcher.held()).toEqual(nothingHeld);
  });

  test('a target that fails at a rate gets everything in the end', async () => {
    let seed = 1;
    const random = (): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const app = await receiver(failingAtRate(0.3, 500, random));
    const bench = await started([targetOf('app', app.url, { retry: { ...QUICK, attempts: 50 } })]);
    for (let i = 0; i < 200; i += 1) if (bench.hand('app') === null) bench.add('app');
    bench.dispatcher.wake('app');
    await waitFor('all deliveries', () => bench.queue.rows().every(({ state }) => state.status === 'delivered'));
    expect(app.received.length).toBeGreaterThan(200);
    expect(bench.queue.rows().reduce((sum, { history }) => sum + history.length, 0)).toBe(app.received.length);
  });

  test('the budget used up: a dead letter, with its reason', async () => {
    const app = await receiver({ kind: 'answer', status: 500 });
    const bench = await started([targetOf('app', app.url, { retry: { ...QUICK, attempts: 3 } })]);
    const id = bench.hand('app') ?? '';
    await waitFor('end', () => bench.status(id) === 'dead');
    expect(bench.queue.row(id).history.map(({ number, trigger, outcome }) => [number, trigger, outcome])).toEqual([
      [1, 'initial', 'retry'],
      [2, 'retry', 'retry'],
      [3, 'retry', 'dead'],
    ]);
    expect(bench.observed.at(-1)).toBe(`app dead ${id} attempts_exhausted`);
    expect(bench.lines).toContainEqual(expect.objectContaining({ level: 'warn', message: 'attempt failed for good' }));
  });

  test('no more attempts at once than the concurrency', async () => {
    let running = 0;
    let most = 0;
    const app = await receiver(() => {
      running += 1;
      most = Math.max(most, running);
      setImmediate(() => (running -= 1));
      return ok;
    });
    const bench = await started([targetOf('app', app.url, { concurrency: 3 })]);
    for (let i = 0; i < 60; i += 1) bench.hand('app');
    await waitFor('all deliveries', () => bench.queue.rows().every(({ state }) => state.status === 'delivered'));
    expect(most).toBeLessThanOrEqual(3);
    expect(await app.connections()).toBeLessThanOrEqual(6);
  });
});

describe('targets do not stand in each other\u2019s way', () => {
  test('a dead one, a hanging one and a healthy one', async () => {
    const app = await receiver();
    const hanging = await receiver(HANG);
    const dead = await receiver();
    await dead.close();
    closing.splice(closing.length - 1, 1);
    const targets = [targetOf('dead', dead.url), targetOf('hanging', hanging.url), targetOf('app', app.url)];
    const bench = await started(targets);
    let reserved = 0;
    while (bench.hand('hanging') !== null) reserved += 1;
    expect(reserved).toBeLessThanOrEqual(5000);
    const ids = Array.from({ length: 100 }, () => {
      bench.add('dead');
      return bench.hand('app') ?? bench.add('app');
    });
    bench.dispatcher.wake('dead');
    bench.dispatcher.wake('app');
    await waitFor('healthy deliveries', () => ids.every((id) => bench.status(id) === 'delivered'));
    await waitFor('failures', () => bench.dispatcher.view('dead')?.state === 'retrying');
    expect(bench.dispatcher.view('app')).toMatchObject({ state: 'healthy', inFlight: 0 });
    expect(bench.dispatcher.view('hanging')).toMatchObject({ inFlight: 4, queued: reserved - 4 });
  });
});

describe('time', () => {
  test('a retry waits for its time, and for no more than that', async () => {
    const clock = createManualClock();
    const app = await receiver({ kind: 'answer', status: 500 });
    const bench = await started([targetOf('app', app.url)], clock);
    const id = bench.hand('app') ?? '';
    await waitFor('first attempt', () => bench.queue.row(id).history.length === 1);
    app.behave(ok);
    await clock.advance(4999);
    expect(bench.queue.leased()).toBe(0);
    await clock.advance(1);
    await waitFor('delivery', () => bench.status(id) === 'delivered');
    expect(bench.queue.row(id).history[1]?.trigger).toBe('retry');
  });

  test('something due in thirty days waits thirty days', async () => {
    const clock = createManualClock();
    const app = await receiver();
    const bench = dispatch([targetOf('app', app.url)], clock);
    const month = 30 * 86_400_000;
    const id = bench.queue.add({ target: 'app', dueAt: clock.now() + month });
    bench.dispatcher.start();
    await clock.advance(month - 1);
    expect(bench.queue.leased()).toBe(0);
    await clock.advance(1);
    await waitFor('delivery', () => bench.status(id) === 'delivered');
  });

  test('a wall clock set forward is noticed within a minute', async () => {
    const clock = createManualClock();
    const app = await receiver();
    const bench = dispatch([targetOf('app', app.url)], clock);
    const id = bench.queue.add({ target: 'app', dueAt: clock.now() + 3_600_000 });
    bench.dispatcher.start();
    await clock.advance(1000);
    clock.jumpWall(7_200_000);
    await clock.advance(60_000);
    await waitFor('delivery', () => bench.status(id) === 'delivered');
  });

  test('a target that asked for patience is left alone that long, then gets everything', async () => {
    const clock = createManualClock();
    const app = await receiver({ kind: 'answer', status: 503, headers: { 'retry-after': '20' } });
    const bench = await started([targetOf('app', app.url)], clock);
    const first = bench.hand('app') ?? '';
    await waitFor('first attempt', () => bench.queue.row(first).history.length === 1);
    app.behave(ok);
    expect(bench.hand('app')).toBeNull();
    const second = bench.add('app');
    bench.dispatcher.wake('app');
    await clock.advance(19_999);
    expect(app.received).toHaveLength(1);
    await clock.advance(1);
    await waitFor('both', () => [first, second].every((id) => bench.status(id) === 'delivered'));
  });
});

describe('what operators do', () => {
  test('cancel while the attempt runs: it is aborted and its result recorded', async () => {
    const app = await receiver(HANG);
    const bench = await started([targetOf('app', app.url)]);
    const id = bench.hand('app') ?? '';
    await waitFor('request', () => app.received.length === 1);
    expect(bench.dispatcher.isRunning(id)).toBe(true);
    bench.queue.cancel(id);
    bench.dispatcher.cancel(id);
    await waitFor('record', () => bench.queue.row(id).history.length === 1);
    expect(bench.queue.row(id)).toMatchObject({
      state: { status: 'cancelled', lease: null },
      history: [{ error: { code: 'cancelled' } }],
    });
    expect(bench.dispatcher.isRunning(id)).toBe(false);
    expect(bench.observed).toEqual(['app dead null']);
    expect(bench.dispatcher.view('app')?.state).toBe('healthy');
    await waitFor('closed connection', async () => (await app.connections()) === 0);
  });

  test('cancel while it is queued: it is never attempted', async () => {
    const app = await receiver(HANG);
    const bench = await started([targetOf('app', app.url, { concurrency: 1 })]);
    const running = bench.hand('app') ?? '';
    const queued = bench.hand('app') ?? '';
    const behind = bench.hand('app') ?? '';
    await waitFor('request', () => app.received.length === 1);
    bench.queue.cancel(queued);
    bench.dispatcher.cancel(queued);
    expect(bench.queue.row(queued).state.lease).toBeNull();
    app.behave(ok);
    bench.dispatcher.cancel(running);
    await waitFor('the one behind', () => bench.status(behind) === 'delivered');
    expect(bench.queue.row(queued).history).toEqual([]);
    expect(bench.dispatcher.held()).toEqual(nothingHeld);
  });

  test('pause gives back what waits and lets finish what runs; resume goes on', async () => {
    const app = await receiver(HANG);
    const bench = await started([targetOf('app', app.url, { concurrency: 1 })]);
    const ids = [bench.hand('app'), bench.hand('app'), bench.hand('app')].map((id) => id ?? '');
    await waitFor('request', () => app.received.length === 1);
    bench.dispatcher.pause('app', 'maintenance');
    expect(bench.queue.leased()).toBe(1);
    expect(bench.dispatcher.view('app')).toMatchObject({ paused: true, inFlight: 1, queued: 0 });
    bench.dispatcher.wake('app');
    expect(bench.hand('app')).toBeNull();
    expect(bench.queue.leased()).toBe(1);
    app.behave(ok);
    bench.dispatcher.cancel(ids[0] ?? '');
    bench.dispatcher.resume('app');
    await waitFor('the rest', () => ids.slice(1).every((id) => bench.status(id) === 'delivered'));
    expect(bench.queue.row(ids[1] ?? '').history).toHaveLength(1);
  });

  test('a pause holds for a target that is configured only later', async () => {
    const app = await receiver();
    const bench = await started([]);
    bench.dispatcher.pause('app', 'maintenance');
    const id = bench.add('app');
    bench.dispatcher.reload([targetOf('app', app.url)]);
    expect(bench.dispatcher.view('app')).toMatchObject({ paused: true });
    bench.dispatcher.wake('app');
    expect(bench.hand('app')).toBeNull();
    bench.dispatcher.resume('app');
    await waitFor('delivery', () => bench.status(id) === 'delivered');
  });

  test('what is queued can be withdrawn, what runs cannot', async () => {
    const app = await receiver(HANG);
    const bench = await started([targetOf('app', app.url, { concurrency: 1 })]);
    const [running, queued] = [bench.hand('app') ?? '', bench.hand('app') ?? ''];
    await waitFor('attempt', () => bench.dispatcher.isRunning(running));
    for (const id of [running, queued]) bench.dispatcher.withdraw(id);
    expect(bench.dispatcher.view('app')).toMatchObject({ inFlight: 1, queued: 0 });
  });

  test('what was reserved before a pause and handed after it goes back', async () => {
    const app = await receiver();
    const bench = await started([targetOf('app', app.url)]);
    expect(bench.dispatcher.reserve('app', 2, 'knowledgesdk')).toBe(true);
    const leased = bench.queue.addLeased('app', { body: Buffer.from('{}') });
    bench.dispatcher.pause('app', null);
    bench.dispatcher.hand(leased);
    expect(bench.queue.leased()).toBe(0);
    expect(bench.dispatcher.held()).toEqual(nothingHeld);
    bench.dispatcher.resume('app');
    await waitFor('delivery', () => bench.status(leased.id) === 'delivered');
  });
});

describe('reload', () => {
  test('attempts in flight finish where they began; later ones go to the new place', async () => {
    const old = await receiver(HANG);
    const app = await receiver();
    const bench = await started([targetOf('app', old.url, { concurrency: 1, timeoutMs: 500, retry: { ...QUICK, attempts: 1 } })]);
    const first = bench.hand('app') ?? '';
    const second = bench.hand('app') ?? '';
    await waitFor('request', () => old.received.length === 1);
    bench.dispatcher.reload([targetOf('app', app.url)]);
    // The one in flight is judged by the budget of one attempt that it began with.
    await waitFor('end of the first', () => bench.status(first) === 'dead');
    await waitFor('the second', () => bench.status(second) === 'delivered');
    expect(app.received).toHaveLength(1);
    await waitFor('closed connections of the former place', async () => (await old.connections()) === 0);
  });

  test('a target that is gone gives back what waits, and has it again when it returns', async () => {
    const app = await receiver(HANG);
    const config = targetOf('app', app.url, { concurrency: 1 });
    const bench = await started([config]);
    const ids = [bench.hand('app'), bench.hand('app')].map((id) => id ?? '');
    await waitFor('request', () => app.received.length === 1);
    bench.dispatcher.reload([]);
    expect(bench.dispatcher.view('app')).toBeNull();
    expect(bench.queue.leased()).toBe(1);
    expect(bench.hand('app')).toBeNull();
    app.behave(ok);
    bench.dispatcher.cancel(ids[0] ?? '');
    bench.dispatcher.reload([config]);
    await waitFor('the second', () => bench.status(ids[1] ?? '') === 'delivered');
  });

  test('an unchanged target keeps its connections', async () => {
    const app = await receiver();
    const bench = await started([targetOf('app', app.url)]);
    const deliver = async (): Promise<void> => {
      const id = (await waitFor('room', () => bench.hand('app'))) ?? '';
      await waitFor('delivery', () => bench.status(id) === 'delivered');
    };
    await deliver();
    bench.dispatcher.reload([targetOf('app', app.url)]);
    await deliver();
    expect(await app.connections()).toBe(1);
  });
});

describe('when results cannot be stored', () => {
  test('dispatching stops, nothing is attempted twice, and all goes on once they can', async () => {
    const app = await receiver();
    const bench = await started([targetOf('app', app.url, { concurrency: 2 })]);
    bench.queue.failSettlesWith(new Error('disk full'));
    const ids = Array.from({ length: 10 }, () => bench.hand('app') ?? '');
    await waitFor('stop', () => bench.dispatcher.held().blocked && bench.dispatcher.held().inFlight === 0);
    const attempted = app.received.length;
    expect(attempted).toBeLessThan(10);
    expect(bench.dispatcher.held()).toMatchObject({ deliveries: 10, unsettled: attempted });
    expect(bench.hand('app')).toBeNull();
    const unsettled = ids.filter((id) => bench.dispatcher.isRunning(id));
    expect(unsettled).toHaveLength(attempted);
    bench.queue.failSettlesWith(null);
    await waitFor('all deliveries', () => ids.every((id) => bench.status(id) === 'delivered'));
    expect(app.received).toHaveLength(10);
    expect(bench.messages().filter((message) => message.startsWith('results cannot be stored'))).toHaveLength(1);
  });

  test('a result for a lease that is gone is logged and dropped', async () => {
    const app = await receiver(HANG);
    const bench = await started([targetOf('app', app.url)]);
    const id = bench.hand('app') ?? '';
    await waitFor('request', () => app.received.length === 1);
    const { lease } = bench.queue.row(id).state;
    bench.queue.release([{ id, lease: lease ?? 0 }]);
    bench.dispatcher.cancel(id);
    await waitFor('log', () => bench.messages().includes('result dropped: its lease is gone'));
    expect(bench.status(id)).toBe('pending');
    expect(bench.dispatcher.held().deliveries).toBe(0);
  });
});

describe('stop', () => {
  test('waits for attempts that end within the grace, and starts no more', async () => {
    const app = await receiver({ kind: 'hang' });
    const bench = await started([targetOf('app', app.url, { concurrency: 1, timeoutMs: 200 })]);
    const first = bench.hand('app') ?? '';
    const second = bench.hand('app') ?? '';
    await waitFor('request', () => app.received.length === 1);
    expect(await bench.dispatcher.stop({ graceMs: 10_000 })).toEqual({ interrupted: 0, unsettled: 0 });
    expect(bench.queue.row(first).history).toHaveLength(1);
    expect(bench.queue.row(second)).toMatchObject({ history: [], state: { status: 'pending', lease: null } });
    expect(app.received).toHaveLength(1);
    expect(bench.hand('app')).toBeNull();
  });

  test('cuts off what needs longer, which then has spent nothing', async () => {
    const app = await receiver(HANG);
    const bench = await started([targetOf('app', app.url)]);
    const id = bench.hand('app') ?? '';
    await waitFor('request', () => app.received.length === 1);
    expect(await bench.dispatcher.stop({ graceMs: 20 })).toEqual({ interrupted: 1, unsettled: 0 });
    expect(bench.queue.row(id)).toMatchObject({ history: [], state: { status: 'pending', lease: null, attempts: 0 } });
    expect(bench.dispatcher.held()).toEqual(nothingHeld);
    await waitFor('closed connection', async () => (await app.connections()) === 0);
  });

  test('a second call cuts the first one short', async () => {
    const app = await receiver(HANG);
    const bench = await started([targetOf('app', app.url)]);
    bench.hand('app');
    await waitFor('request', () => app.received.length === 1);
    const patient = bench.dispatcher.stop({ graceMs: 60_000 });
    const hasty = bench.dispatcher.stop({ graceMs: 0 });
    expect(await hasty).toEqual({ interrupted: 1, unsettled: 0 });
    expect(await patient).toEqual({ interrupted: 1, unsettled: 0 });
  });

  test('gives up on results that cannot be stored, and says how many', async () => {
    const app = await receiver();
    const bench = await started([targetOf('app', app.url)]);
    bench.queue.failSettlesWith(new Error('broken'));
    bench.hand('app');
    await waitFor('attempt', () => bench.dispatcher.held().unsettled === 1);
    expect(await bench.dispatcher.stop({ graceMs: 0 })).toEqual({ interrupted: 0, unsettled: 1 });
    expect(bench.lines.at(-1)).toMatchObject({ level: 'error', record: { unsettled: 1 } });
  });
});

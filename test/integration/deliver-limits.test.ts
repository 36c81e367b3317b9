import { afterEach, describe, expect, test } from 'vitest';
import type { TargetConfig, TargetLimits } from '../../src/config/types.ts';
import type { OpenBreaker } from '../../src/deliver/ports.ts';
import { type BreakerPolicy, DEFAULT_BREAKER } from '../../src/domain/breaker.ts';
import { type DispatchBench, NO_LIMITS, openDispatch, PATIENT, steadyRetry, targetOf } from '../support/dispatch.ts';
import { createManualClock, type ManualClock } from '../support/manual-clock.ts';
import { type Behaviour, FAILING, ok, type Receiver, startReceiver } from '../support/receiver.ts';
import { waitFor } from '../support/wait.ts';

const BREAKER: BreakerPolicy = { ...DEFAULT_BREAKER, failures: 3, cooldownMs: 5_000, longestCooldownMs: 20_000 };
const HANG: Behaviour = { kind: 'hang' };
const PER_SECOND = 1_000;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function receiver(behaviour?: Parameters<typeof startReceiver>[0]): Promise<Receiver> {
  const started = await startReceiver(behaviour);
  closing.push(() => started.close());
  return started;
}

const limited = (app: Receiver, limits: Partial<TargetLimits>, changes: Partial<TargetConfig> = {}): TargetConfig =>
  targetOf('app', app.url, { limits: { ...NO_LIMITS, ...limits }, ...changes });

interface Rig extends DispatchBench {
  clock: ManualClock;
}

function rig(targets: TargetConfig[], breakers?: Map<string, OpenBreaker>): Rig {
  const clock = createManualClock();
  const bench = openDispatch(targets, clock, breakers);
  closing.push(async () => {
    const stopped = bench.dispatcher.stop({ graceMs: 0 });
    await clock.advance(0);
    await stopped;
  });
  bench.dispatcher.start();
  return Object.assign(bench, { clock });
}

/** Until nothing runs and every result is settled: then only the clock can bring anything about. */
const still = ({ dispatcher }: DispatchBench): Promise<boolean> =>
  waitFor('rest', async () => {
    await new Promise(setImmediate);
    const { inFlight, unsettled } = dispatcher.held();
    return inFlight === 0 && unsettled === 0;
  });

/** Moves the clock in small steps, letting what begins end in between. */
async function pass(bench: Rig, ms: number, stepMs = 10): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    await bench.clock.advance(Math.min(stepMs, ms - passed));
    await still(bench);
  }
}

const view = ({ dispatcher }: DispatchBench) => dispatcher.view('app') ?? expect.fail('no target');

describe('a rate limit', () => {
  test('drains a backlog evenly, holds little of the room, and wakes nobody when nothing waits', async () => {
    const app = await receiver();
    const bench = rig([limited(app, { rate: { amount: 10, perMs: PER_SECOND } })]);
    const ids = Array.from({ length: 60 }, () => bench.add('app'));
    bench.dispatcher.wake('app');
    await still(bench);
    const counts: number[] = [];
    for (let second = 0; second < 6; second += 1) {
      expect(bench.dispatcher.held().deliveries).toBeLessThanOrEqual(20);
      await pass(bench, 1_000);
      counts.push(app.received.length);
    }
    counts.forEach((count, index) => {
      expect(count).toBeGreaterThanOrEqual(10 * (index + 1));
      expect(count).toBeLessThanOrEqual(10 * (index + 1) + 5);
    });
    expect(ids.every((id) => bench.status(id) === 'delivered')).toBe(true);
    await pass(bench, PATIENT, 5_000); // the one that looks after deadlines is the last to go
    expect(bench.clock.timers()).toBe(0);
  });

  test('does not hold up another target, nor take its room', async () => {
    const app = await receiver();
    const other = await receiver();
    const slow = limited(app, { rate: { amount: 1, perMs: 3_600_000 } });
    const bench = rig([slow, targetOf('other', other.url)]);
    for (let i = 0; i < 500; i += 1) bench.add('app');
    bench.dispatcher.wake('app');
    await waitFor('one attempt', () => app.received.length === 1);
    let byHand = 0;
    while (bench.hand('app') !== null) byHand += 1;
    expect(byHand).toBeLessThanOrEqual(2);
    for (let i = 0; i < 500; i += 1) expect(bench.hand('other')).not.toBeNull();
    await waitFor('all of the other', () => other.received.length === 500);
    await still(bench);
    expect(bench.dispatcher.held().deliveries).toBeLessThanOrEqual(5);
    expect(app.received).toHaveLength(1);
  });

  test('new events come by hand as long as few wait', async () => {
    const app = await receiver();
    const bench = rig([limited(app, { rate: { amount: 5, perMs: PER_SECOND } })]);
    await still(bench);
    let taken = 0;
    while (bench.hand('app') !== null) taken += 1;
    expect(taken).toBeGreaterThanOrEqual(5);
    expect(taken).toBeLessThanOrEqual(20);
    await pass(bench, 5_000, 50);
    expect(app.received).toHaveLength(taken);
    expect(bench.hand('app')).not.toBeNull();
  });

  test('a reload changes it at once, and keeps connections and what waits', async () => {
    const app = await receiver();
    const slow = limited(app, { rate: { amount: 1, perMs: 3_600_000 } });
    const bench = rig([slow]);
    for (let i = 0; i < 3; i += 1) bench.add('app');
    bench.dispatcher.wake('app');
    await waitFor('one attempt', () => app.received.length === 1);
    await still(bench);
    bench.dispatcher.reload([limited(app, { rate: { amount: 2, perMs: PER_SECOND } })]);
    await pass(bench, 1_000, 100);
    expect(app.received).toHaveLength(3);
    expect(await app.connections()).toBe(1);
    bench.dispatcher.reload([slow]);
    bench.add('app');
    bench.dispatcher.wake('app');
    await pass(bench, 10_000, 1_000);
    expect(app.received).toHaveLength(3);
  });

  test('a pause leaves no timer behind', async () => {
    const app = await receiver();
    const bench = rig([limited(app, { rate: { amount: 1, perMs: 3_600_000 } })]);
    for (let i = 0; i < 3; i += 1) bench.add('app');
    bench.dispatcher.wake('app');
    await waitFor('one attempt', () => app.received.length === 1);
    await still(bench);
    bench.dispatcher.pause('app', null);
    expect(bench.queue.leased()).toBe(0);
    await pass(bench, PATIENT, 5_000);
    expect(bench.clock.timers()).toBe(0);
  });
});

describe('bytes in flight', () => {
  test('no more than the limit at once; a larger one runs alone', async () => {
    let running = 0;
    let most = 0;
    const sizes: number[] = [];
    const app = await receiver((request) => {
      running += request.body.length;
      most = Math.max(most, running);
      sizes.push(request.body.length);
      const when = new Promise<void>((resolve) => {
        setImmediate(() => {
          if (request.body.length > 1_000) expect(running).toBe(request.body.length);
          running -= request.body.length;
          resolve();
        });
      });
      return { kind: 'later', when, behaviour: ok };
    });
    const bench = rig([limited(app, { inFlightBytes: 1_000 }, { concurrency: 16 })]);
    await still(bench);
    const bodies = [400, 400, 400, 5_000, 400, 900, 300, 100, 100];
    const ids = bodies.map((size) => bench.hand('app', { body: Buffer.alloc(size) }) ?? '');
    await waitFor('all', () => ids.every((id) => bench.status(id) === 'delivered'));
    expect(most).toBe(5_000);
    expect(sizes.filter((size) => size <= 1_000).reduce((sum, size) => sum + size, 0)).toBe(2_600 + 400);
  });

  test('many small ones share it', async () => {
    const app = await receiver(HANG);
    const bench = rig([limited(app, { inFlightBytes: 1_000 }, { concurrency: 16 })]);
    await still(bench);
    for (let i = 0; i < 10; i += 1) bench.hand('app', { body: Buffer.alloc(300) });
    await waitFor('attempts', () => app.received.length === 3);
    expect(view(bench)).toMatchObject({ inFlight: 3, queued: 7 });
  });
});

describe('routes', () => {
  test('a flood of one route does not hold up another', async () => {
    const app = await receiver(HANG);
    const bench = rig([limited(app, {}, { concurrency: 1, timeoutMs: 1_000, retry: steadyRetry(1) })]);
    await still(bench);
    for (let i = 0; i < 20; i += 1) bench.hand('app', { route: 'flood' });
    for (let i = 0; i < 2; i += 1) bench.hand('app', { route: 'other' });
    await waitFor('the first', () => app.received.length === 1);
    app.behave(ok);
    await bench.clock.advance(1_000);
    await waitFor('all', () => app.received.length === 22);
    const routes = app.received.map(({ headers }) => headers['hookbay-route']);
    expect(routes.slice(0, 5)).toEqual(['flood', 'flood', 'other', 'flood', 'other']);
  });

  test('a deep backlog of one is passed by another that has nothing in it, and by none of its own', async () => {
    const app = await receiver(HANG);
    const bench = rig([limited(app, {}, { concurrency: 1 })]);
    for (let i = 0; i < 3_000; i += 1) bench.add('app', { route: 'replayed' });
    bench.dispatcher.wake('app');
    await waitFor('a first attempt', () => app.received.length === 1);
    expect(bench.hand('app', { route: 'replayed' })).toBeNull();
    const passing = bench.hand('app', { route: 'other' }) ?? expect.fail('it had to wait');
    let more = 0;
    while (bench.hand('app', { route: 'other' }) !== null) more += 1;
    expect(more).toBe(49);
    app.behave(ok);
    const order = (): unknown[] => app.received.map(({ headers }) => headers['hookbay-delivery-id']);
    bench.dispatcher.cancel(String(order()[0]));
    const delivered = (): number => bench.queue.rows().filter(({ state }) => state.status === 'delivered').length;
    await waitFor('all', () => delivered() === 3_000 - 1 + 50);
    expect(order().indexOf(passing)).toBeLessThan(4);
    expect(new Set(order()).size).toBe(3_050);
  });
});

describe('a target that asks for patience without saying how long', () => {
  test('is left alone for 1, 2, 4 … s, and from the beginning after a success', async () => {
    const app = await receiver({ kind: 'answer', status: 503 });
    const bench = rig([limited(app, {}, { concurrency: 1, retry: steadyRetry(24) })]);
    bench.add('app');
    bench.dispatcher.wake('app');
    await waitFor('first', () => app.received.length === 1);
    const attemptsAfter = async (ms: number): Promise<number> => {
      await pass(bench, ms, 500);
      return app.received.length;
    };
    await still(bench);
    expect(await attemptsAfter(999)).toBe(1);
    expect(await attemptsAfter(2)).toBe(2);
    expect(await attemptsAfter(1_998)).toBe(2);
    expect(await attemptsAfter(2)).toBe(3);
    expect(await attemptsAfter(3_990)).toBe(3);
    app.behave(ok);
    expect(await attemptsAfter(20)).toBe(4);
    app.behave({ kind: 'answer', status: 429 });
    bench.add('app');
    bench.dispatcher.wake('app');
    await waitFor('next', () => app.received.length === 5);
    await still(bench);
    expect(await attemptsAfter(990)).toBe(5);
    expect(await attemptsAfter(20)).toBe(6);
  });

  test('is asked at once when an operator resumes it', async () => {
    const app = await receiver({ kind: 'answer', status: 429, headers: { 'retry-after': '60' } });
    const bench = rig([limited(app, {}, { concurrency: 1, retry: steadyRetry(24) })]);
    bench.add('app');
    bench.dispatcher.wake('app');
    await waitFor('first', () => app.received.length === 1);
    await pass(bench, 10_000, 500);
    expect(app.received).toHaveLength(1);
    app.behave(ok);
    bench.add('app'); // the first one is not due before its Retry-After
    bench.dispatcher.resume('app');
    await waitFor('second', () => app.received.length === 2);
  });
});

describe('a breaker', () => {
  async function down(changes: Partial<TargetConfig> = {}, breakers?: Map<string, OpenBreaker>) {
    const app = await receiver(FAILING);
    const bench = rig([limited(app, { breaker: BREAKER }, { concurrency: 1, ...changes })], breakers);
    for (let i = 0; i < 10; i += 1) bench.add('app');
    bench.dispatcher.wake('app');
    return { app, bench };
  }

  test('opens, says so, and no attempt is spent while it is open', async () => {
    const breakers = new Map<string, OpenBreaker>();
    const { app, bench } = await down({}, breakers);
    await waitFor('opening', () => view(bench).breaker !== null);
    await still(bench);
    expect(app.received).toHaveLength(3);
    const reason = '3 attempts in a row failed, the last one: The target answered 500';
    const now = bench.clock.now();
    expect(view(bench).breaker).toEqual({ state: 'open', since: now, reason, nextProbeAt: now + 5_000 });
    expect(breakers.get('app')).toEqual({ since: now, reason, probeAt: now + 5_000 });
    expect(bench.observed.at(-1)).toBe(`app opened: ${reason}`);
    expect(bench.lines.at(-1)).toMatchObject({ level: 'warn', record: { target: 'app', reason, probeInMs: 5_000 } });
    expect([bench.queue.leased(), bench.hand('app')]).toEqual([0, null]);
    await pass(bench, 4_990, 499);
    expect(app.received).toHaveLength(3);
    expect(
      bench.queue
        .rows()
        .map(({ state }) => state.attempts)
        .sort(),
    ).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
  });

  test('one probe at its time, and a longer wait after each that fails', async () => {
    const { app, bench } = await down({ concurrency: 8 });
    await waitFor('opening', () => view(bench).breaker !== null);
    await still(bench);
    const before = app.received.length;
    const seen: number[] = [];
    for (const wait of [5_000, 5_000, 10_000, 20_000, 20_000]) {
      await pass(bench, wait - 1, 1_000);
      seen.push(app.received.length - before);
      await pass(bench, 1);
      await waitFor('probe', () => app.received.length - before === (seen.at(-1) ?? 0) + 1);
      await still(bench);
    }
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect(bench.observed.filter((line) => line.includes('opened'))).toHaveLength(1);
    expect(view(bench).breaker).toMatchObject({ state: 'open', reason: 'the probe failed: The target answered 500' });
  });

  test('a probe that succeeds closes it, and everything is delivered once', async () => {
    const breakers = new Map<string, OpenBreaker>();
    const { app, bench } = await down({ concurrency: 8 }, breakers);
    await waitFor('opening', () => view(bench).breaker !== null);
    await still(bench);
    app.behave(ok);
    await bench.clock.advance(5_000);
    await waitFor('all', () => bench.queue.rows().every(({ state }) => state.status === 'delivered'));
    expect(bench.queue.rows().every(({ history }) => history.filter(({ outcome }) => outcome === 'delivered').length === 1)).toBe(
      true,
    );
    expect(view(bench).breaker).toBeNull();
    expect(breakers.size).toBe(0);
    expect(bench.observed).toContain('app closed: the probe succeeded');
    expect(bench.messages()).toContain('breaker closed');
    await waitFor('by hand', () => bench.hand('app') !== null);
  });

  test('an operator who resumes the target has it probed at once', async () => {
    const { app, bench } = await down();
    await waitFor('opening', () => view(bench).breaker !== null);
    await still(bench);
    bench.dispatcher.resume('app');
    await waitFor('probe', () => app.received.length === 4);
    await still(bench);
    expect(view(bench).breaker).toMatchObject({ state: 'open', nextProbeAt: bench.clock.now() + 5_000 });
    app.behave(ok);
    bench.dispatcher.resume('app');
    await waitFor('closing', () => view(bench).breaker === null);
  });

  test('what an earlier run left is still open, for what is left of its wait', async () => {
    const startedAt = createManualClock().now();
    const left = { since: startedAt - 7_000, reason: 'it was down', probeAt: startedAt + 3_000 };
    const { app, bench } = await down({}, new Map([['app', left]]));
    await pass(bench, 2_999, 1_000);
    expect(app.received).toEqual([]);
    expect(view(bench).breaker).toEqual({ ...left, state: 'open', probeAt: undefined, nextProbeAt: left.probeAt });
    await pass(bench, 1);
    await waitFor('probe', () => app.received.length === 1);
    await still(bench);
    expect(view(bench).breaker).toMatchObject({ state: 'open', since: left.since, nextProbeAt: bench.clock.now() + 10_000 });
    expect(bench.observed.filter((line) => line.includes('opened'))).toEqual([]);
  });

  test('turned off by a reload, it lets everything through', async () => {
    const breakers = new Map<string, OpenBreaker>();
    const { app, bench } = await down({}, breakers);
    await waitFor('opening', () => view(bench).breaker !== null);
    await still(bench);
    app.behave(ok);
    bench.dispatcher.reload([limited(app, {}, { concurrency: 1 })]);
    expect([view(bench).breaker, breakers.size]).toEqual([null, 0]);
    await waitFor('what was due', () => app.received.length === 3 + 7);
    expect(bench.observed).toContain('app closed: it was turned off');
  });

  test('a pause stays a pause, whatever the breaker does', async () => {
    const { app, bench } = await down();
    await waitFor('opening', () => view(bench).breaker !== null);
    await still(bench);
    bench.dispatcher.pause('app', 'maintenance');
    await pass(bench, 60_000, 5_000);
    expect(app.received).toHaveLength(3);
    app.behave(ok);
    bench.dispatcher.resume('app');
    await waitFor('closing', () => view(bench).breaker === null);
  });

  test('events that the target will not have do not open it', async () => {
    const app = await receiver({ kind: 'answer', status: 422 });
    const bench = rig([limited(app, { breaker: BREAKER })]);
    for (let i = 0; i < 50; i += 1) bench.add('app');
    bench.dispatcher.wake('app');
    await waitFor('all', () => app.received.length === 50);
    await still(bench);
    expect(view(bench).breaker).toBeNull();
  });

  test('attempts that hang over the opening do not stand in the way of the probe', async () => {
    const app = await receiver(HANG);
    const bench = rig([limited(app, { breaker: BREAKER }, { concurrency: 4, timeoutMs: 30_000 })]);
    for (let i = 0; i < 4; i += 1) bench.add('app');
    bench.dispatcher.wake('app');
    await waitFor('all four', () => app.received.length === 4);
    app.behave(FAILING);
    await bench.clock.advance(29_000);
    bench.dispatcher.reload([limited(app, { breaker: BREAKER }, { concurrency: 8, timeoutMs: 30_000 })]);
    for (let i = 0; i < 3; i += 1) bench.add('app');
    bench.dispatcher.wake('app');
    await waitFor('opening', () => view(bench).breaker !== null);
    app.behave(ok);
    bench.add('app');
    bench.dispatcher.resume('app');
    await waitFor('closing', () => view(bench).breaker === null);
    await bench.clock.advance(1_000);
    await still(bench);
    expect(view(bench).breaker).toBeNull();
  });
});

describe('senders who wait for the answer', () => {
  let asked = 0;
  const waits = ({ dispatcher }: DispatchBench): boolean => {
    asked += 1;
    return dispatcher.awaitAnswer({ id: `evt_waiting_${asked}`, target: 'app', isFirst: true }, () => {}) !== null;
  };

  test('are not kept waiting for an open breaker, and those who wait are told', async () => {
    const app = await receiver(HANG);
    const bench = rig([limited(app, { breaker: { ...BREAKER, failures: 1 } }, { concurrency: 1 })]);
    await still(bench);
    expect(waits(bench)).toBe(true);
    const told: string[] = [];
    bench.hand('app');
    bench.dispatcher.awaitAnswer({ id: 'evt_later', target: 'app', isFirst: true }, ({ kind }) => told.push(kind));
    await bench.clock.advance(30_000);
    await waitFor('opening', () => view(bench).breaker?.state === 'open');
    expect(told).toEqual(['not_started']);
    expect(waits(bench)).toBe(false);
  });

  test('are not kept waiting for a rate that is used up', async () => {
    const app = await receiver();
    const bench = rig([limited(app, { rate: { amount: 2, perMs: PER_SECOND } })]);
    await still(bench);
    expect(waits(bench)).toBe(true);
    while (bench.hand('app') !== null);
    await still(bench);
    expect(waits(bench)).toBe(false);
    await pass(bench, 10_000, 100);
    expect(waits(bench)).toBe(true);
  });
});

import { afterEach, describe, expect, test } from 'vitest';
import type { TargetConfig } from '../../src/config/types.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { DEFAULT_RETRY, type RetryPolicy } from '../../src/domain/retry-policy.ts';
import { parseStatusRule, type StatusRule } from '../../src/domain/status-rules.ts';
import { type DispatchBench, openDispatch, targetOf } from '../support/dispatch.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { type Behaviour, ok, type Receiver, startReceiver } from '../support/receiver.ts';
import { waitFor } from '../support/wait.ts';

const SECOND = 1000;
const DAY = 86_400_000;
const GONE: Behaviour = { kind: 'answer', status: 410 };

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function receiver(behaviour?: Parameters<typeof startReceiver>[0]): Promise<Receiver> {
  const started = await startReceiver(behaviour);
  closing.push(() => started.close());
  return started;
}

/** Started; what is added goes by lease. */
function started(targets: TargetConfig[], clock = systemClock): DispatchBench {
  const bench = openDispatch(targets, clock);
  closing.push(() => bench.dispatcher.stop({ graceMs: 0 }));
  bench.dispatcher.start();
  return bench;
}

function add(bench: DispatchBench, target = 'app'): string {
  const id = bench.add(target);
  bench.dispatcher.wake(target);
  return id;
}

const rules = (...texts: string[]): StatusRule[] => texts.map((text) => parseStatusRule(text) ?? expect.fail(text));
const policy = (changes: Partial<RetryPolicy>): RetryPolicy => ({ ...DEFAULT_RETRY, jitter: 0, ...changes });
const listed = (...delaysMs: number[]): RetryPolicy =>
  policy({ schedule: { kind: 'list', delaysMs }, attempts: delaysMs.length + 1 });
const pausing = policy({ statuses: { ...DEFAULT_RETRY.statuses, pauseOn: rules('410') } });

const historyOf = (bench: DispatchBench, id: string) =>
  bench.queue.row(id).history.map(({ number, trigger, outcome, statusCode }) => [number, trigger, outcome, statusCode]);
const attempted = (bench: DispatchBench, id: string, times: number): Promise<unknown> =>
  waitFor(`attempt ${times}`, () => bench.queue.row(id).history.length === times);
const isPaused = (bench: DispatchBench): boolean => bench.dispatcher.view('app')?.paused === true;

describe('an answer that pauses its target', () => {
  test('many at once pause it once; what they belong to waits unspent, what has not begun is not attempted', async () => {
    const gate = Promise.withResolvers<void>();
    const app = await receiver({ kind: 'later', when: gate.promise, behaviour: GONE });
    const bench = started([targetOf('app', app.url, { retry: pausing, concurrency: 8 })]);
    const ids = Array.from({ length: 30 }, () => bench.add('app'));
    bench.dispatcher.wake('app');
    await waitFor('eight in flight', () => app.received.length === 8);
    gate.resolve();
    await waitFor('eight results', () => bench.queue.rows().filter(({ history }) => history.length === 1).length === 8);
    await waitFor('nothing in memory', () => bench.dispatcher.held().deliveries === 0);
    expect(isPaused(bench)).toBe(true);
    expect(bench.observed.filter((line) => line.includes('paused:'))).toEqual(['app paused: target answered 410']);
    expect(bench.lines.filter(({ message }) => message === 'target paused by its answer')).toEqual([
      expect.objectContaining({ level: 'warn', record: { target: 'app', statusCode: 410, reason: 'target answered 410' } }),
    ]);
    expect(app.received).toHaveLength(8);
    expect(new Set(ids.map((id) => bench.status(id)))).toEqual(new Set(['pending']));
    for (const { state } of bench.queue.rows()) expect(state.attempts - state.budgetStart).toBe(0);

    app.behave(ok);
    bench.dispatcher.resume('app');
    await waitFor('all deliveries', () => ids.every((id) => bench.status(id) === 'delivered'));
    const again = [
      [1, 'initial', 'paused', 410],
      [2, 'retry', 'delivered', 200],
    ];
    expect(ids.filter((id) => bench.queue.row(id).history.length === 2).map((id) => historyOf(bench, id))).toEqual(
      Array.from({ length: 8 }, () => again),
    );
  });

  test('attempts in flight end as they end', async () => {
    const gate = Promise.withResolvers<void>();
    const app = await receiver({ kind: 'later', when: gate.promise, behaviour: ok });
    const bench = started([targetOf('app', app.url, { retry: pausing })]);
    const slow = add(bench);
    await waitFor('in flight', () => app.received.length === 1);
    app.behave(GONE);
    const gone = add(bench);
    await attempted(bench, gone, 1);
    expect(isPaused(bench)).toBe(true);
    gate.resolve();
    await waitFor('the slow one', () => bench.status(slow) === 'delivered');
    expect(bench.status(gone)).toBe('pending');
  });

  test('one to an attempt from before the resume does not pause again', async () => {
    const gate = Promise.withResolvers<void>();
    const app = await receiver({ kind: 'later', when: gate.promise, behaviour: GONE });
    const bench = started([targetOf('app', app.url, { retry: pausing })]);
    const late = add(bench);
    await waitFor('in flight', () => app.received.length === 1);
    app.behave(GONE);
    const first = add(bench);
    await attempted(bench, first, 1);
    app.behave(ok);
    bench.dispatcher.resume('app');
    await waitFor('the first', () => bench.status(first) === 'delivered');
    gate.resolve();
    await waitFor('the late one', () => bench.status(late) === 'delivered');
    expect(isPaused(bench)).toBe(false);
    expect(historyOf(bench, late)).toEqual([
      [1, 'initial', 'paused', 410],
      [2, 'retry', 'delivered', 200],
    ]);
    // One that begins after the resume does.
    app.behave(GONE);
    await attempted(bench, add(bench), 1);
    expect(isPaused(bench)).toBe(true);
  });

  test('nor one from where the target was before a reload', async () => {
    const gate = Promise.withResolvers<void>();
    const old = await receiver({ kind: 'later', when: gate.promise, behaviour: GONE });
    const moved = await receiver();
    const bench = started([targetOf('app', old.url, { retry: pausing })]);
    const id = add(bench);
    await waitFor('in flight', () => old.received.length === 1);
    bench.dispatcher.reload([targetOf('app', moved.url, { retry: pausing })]);
    gate.resolve();
    await waitFor('delivery', () => bench.status(id) === 'delivered');
    expect(isPaused(bench)).toBe(false);
    expect(moved.received).toHaveLength(1);
  });

  test('while results cannot be stored it is in effect all the same', async () => {
    const app = await receiver(GONE);
    const bench = started([targetOf('app', app.url, { retry: pausing, concurrency: 1 })]);
    bench.queue.failSettlesWith(new Error('no room'));
    const ids = [add(bench), add(bench)];
    await waitFor('pause', () => isPaused(bench));
    bench.queue.failSettlesWith(null);
    await waitFor('settled', () => bench.dispatcher.held().unsettled === 0);
    expect(app.received).toHaveLength(1);
    expect(ids.map((id) => bench.status(id))).toEqual(['pending', 'pending']);
  });
});

describe('statuses', () => {
  test('deadOn and what retryOn leaves out are dead at once, the others are tried again', async () => {
    const retry = policy({ statuses: { retryOn: rules('5xx', '!501'), deadOn: rules('503'), pauseOn: null } });
    const statuses = [500, 501, 503, 404, 302];
    const app = await receiver((request) => ({ kind: 'answer', status: Number(request.headers['x-status']) }));
    const bench = started([targetOf('app', app.url, { retry })]);
    const ids = statuses.map((status) => bench.add('app', { headers: [['x-status', String(status)]] }));
    bench.dispatcher.wake('app');
    await waitFor('all attempts', () => ids.every((id) => bench.queue.row(id).history.length === 1));
    expect(ids.map((id) => [bench.status(id), bench.queue.row(id).state.reason])).toEqual([
      ['pending', 'target_status'],
      ['dead', 'status_not_retried'],
      ['dead', 'dead_on_status'],
      ['dead', 'status_not_retried'],
      ['dead', 'status_not_retried'],
    ]);
  });

  test('an answer that is cut off is no answer: it is tried again whatever its status', async () => {
    const retry = policy({ statuses: { ...DEFAULT_RETRY.statuses, deadOn: rules('5xx') } });
    const app = await receiver({ kind: 'drip', status: 500, everyMs: 20 });
    const bench = started([targetOf('app', app.url, { retry, timeoutMs: 200 })]);
    const id = add(bench);
    await attempted(bench, id, 1);
    expect(bench.queue.row(id).state).toMatchObject({ status: 'pending', reason: 'timeout' });
  });
});

describe('Retry-After', () => {
  const clock = createManualClock();
  test.each([
    ['seconds', () => '90', 90 * SECOND],
    ['a date', () => new Date(clock.now() + 90 * SECOND).toUTCString(), 90 * SECOND],
    ['less than the schedule', () => '1', 5 * SECOND],
    ['more than the cap', () => '3600', 120 * SECOND],
  ])('%s, with a cap of two minutes', async (_what, field, waitMs) => {
    const app = await receiver(() => ({ kind: 'answer', status: 429, headers: { 'retry-after': field() } }));
    const bench = started([targetOf('app', app.url, { retry: policy({ retryAfterMaxMs: 120 * SECOND }) })], clock);
    const id = add(bench);
    await attempted(bench, id, 1);
    expect(bench.queue.row(id).state.dueAt).toBe(clock.now() + waitMs);
  });
});

describe('the schedule', () => {
  test('goes by a list, and a wait of thirty days makes no early attempt', async () => {
    const clock = createManualClock();
    const app = await receiver({ kind: 'answer', status: 500 });
    const bench = started([targetOf('app', app.url, { retry: listed(5 * SECOND, 30 * DAY) })], clock);
    const id = add(bench);
    let made = 0;
    for (const wait of [5 * SECOND, 30 * DAY]) {
      made += 1;
      await attempted(bench, id, made);
      await clock.advance(wait - 1);
      expect([app.received.length, bench.queue.leased()]).toEqual([made, 0]);
      await clock.advance(1);
    }
    await waitFor('end', () => bench.status(id) === 'dead');
    expect(bench.queue.row(id).state.reason).toBe('attempts_exhausted');
    expect(app.received).toHaveLength(3);
  });

  test('ends with a duration, the last attempt at its end; time in which the target is paused does not count', async () => {
    const clock = createManualClock();
    const began = clock.now();
    const app = await receiver({ kind: 'answer', status: 500 });
    const retry = policy({
      schedule: { kind: 'linear', initialMs: 10 * SECOND, maxMs: DAY },
      attempts: null,
      durationMs: 50 * SECOND,
    });
    const bench = started([targetOf('app', app.url, { retry })], clock);
    const id = add(bench);
    await attempted(bench, id, 1);
    await clock.advance(10 * SECOND);
    await attempted(bench, id, 2);
    bench.dispatcher.pause('app', null);
    await clock.advance(10 * DAY);
    expect(app.received).toHaveLength(2);
    bench.dispatcher.resume('app');
    await attempted(bench, id, 3);
    await clock.advance(20 * SECOND);
    await attempted(bench, id, 4);
    await waitFor('end', () => bench.status(id) === 'dead');
    const { state, history } = bench.queue.row(id);
    expect(state).toMatchObject({ reason: 'duration_exhausted', budgetSpentMs: 50 * SECOND });
    const resumed = 10 * SECOND + 10 * DAY;
    expect(history.map(({ startedAt }) => startedAt - began)).toEqual([0, 10 * SECOND, resumed, resumed + 20 * SECOND]);
  });
});

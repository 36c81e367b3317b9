import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { afterFailure, type FailedAttempt } from '../../src/domain/retry-decision.ts';
import { attemptsWithin, planOf } from '../../src/domain/retry-plan.ts';
import { DEFAULT_RETRY, type RetryPolicy, type Schedule, scheduledWait } from '../../src/domain/retry-policy.ts';
import { parseStatusRule, type StatusRule } from '../../src/domain/status-rules.ts';

const MIDDLE = 0.5;
const DAY = 86_400_000;

const failed: FailedAttempt = { failures: 1, spentMs: 0, tookMs: 10, status: 500, retryAfterMs: null, reason: 'target_status' };
const rules = (...texts: string[]): StatusRule[] => texts.map((text) => parseStatusRule(text) ?? expect.fail(text));
const steady: RetryPolicy = { ...DEFAULT_RETRY, schedule: { kind: 'list', delaysMs: [1000] }, attempts: null, jitter: 0 };

describe('statuses', () => {
  const policy: RetryPolicy = {
    ...DEFAULT_RETRY,
    statuses: { retryOn: rules('5xx', '408', '!501'), deadOn: rules('503'), pauseOn: rules('410') },
  };
  test.each([
    [500, 'retry', 'target_status'],
    [408, 'retry', 'target_status'],
    [503, 'dead', 'dead_on_status'],
    [501, 'dead', 'status_not_retried'],
    [404, 'dead', 'status_not_retried'],
    [302, 'dead', 'status_not_retried'],
    [410, 'paused', 'paused_on_status'],
  ])('%i is %s: %s', (status, kind, reason) => {
    expect(afterFailure(policy, { ...failed, status }, MIDDLE)).toMatchObject({ kind, reason });
  });

  test('no answer is tried again under any rules', () => {
    const outcome = afterFailure(policy, { ...failed, status: null, reason: 'timeout' }, MIDDLE);
    expect(outcome).toMatchObject({ kind: 'retry', reason: 'timeout' });
  });

  test('a pause comes also when the budget is used up: it spends nothing', () => {
    expect(afterFailure(policy, { ...failed, status: 410, failures: 24 }, MIDDLE).kind).toBe('paused');
  });
});

describe('a duration', () => {
  const short: RetryPolicy = { ...steady, durationMs: 2500 };
  test('counts attempts and waits, and cuts the last wait so that one attempt is made at the end', () => {
    const first = afterFailure(short, failed, MIDDLE);
    expect(first).toEqual({ kind: 'retry', delayMs: 1000, reason: 'target_status', spentMs: 1010 });
    expect(afterFailure(short, { ...failed, failures: 2, spentMs: 1010 }, MIDDLE)).toMatchObject({ spentMs: 1010 });
    const last = afterFailure(short, { ...failed, failures: 3, spentMs: 2020 }, MIDDLE);
    expect(last).toEqual({ kind: 'retry', delayMs: 470, reason: 'target_status', spentMs: 480 });
    const end = afterFailure(short, { ...failed, failures: 4, spentMs: 2500 }, MIDDLE);
    expect(end).toEqual({ kind: 'dead', reason: 'duration_exhausted' });
  });

  test('an attempt that outlasts it is the last', () => {
    expect(afterFailure(short, { ...failed, tookMs: 2500 }, MIDDLE)).toEqual({ kind: 'dead', reason: 'duration_exhausted' });
  });

  test('attempts and duration: whichever ends first', () => {
    const both: RetryPolicy = { ...short, attempts: 2 };
    expect(afterFailure(both, { ...failed, failures: 2 }, MIDDLE)).toEqual({ kind: 'dead', reason: 'attempts_exhausted' });
    expect(afterFailure({ ...both, attempts: 9 }, { ...failed, failures: 2, spentMs: 2490 }, MIDDLE)).toEqual({
      kind: 'dead',
      reason: 'duration_exhausted',
    });
  });

  test('cuts a Retry-After too', () => {
    expect(afterFailure(short, { ...failed, retryAfterMs: DAY }, MIDDLE)).toMatchObject({ delayMs: 2490 });
  });
});

const wait = fc.integer({ min: 1, max: 30 * DAY });
const anySchedule: fc.Arbitrary<Schedule> = fc.oneof(
  fc.record({
    kind: fc.constant('exponential' as const),
    initialMs: wait,
    factor: fc.double({ min: 1, max: 10, noNaN: true }),
    maxMs: wait,
  }),
  fc.record({ kind: fc.constant('linear' as const), initialMs: wait, maxMs: wait }),
  fc.record({ kind: fc.constant('list' as const), delaysMs: fc.array(wait, { minLength: 1, maxLength: 9 }) }),
);
const anyPolicy: fc.Arbitrary<RetryPolicy> = fc
  .record({
    schedule: anySchedule,
    attempts: fc.option(fc.integer({ min: 1, max: 60 }), { nil: null, freq: 3 }),
    durationMs: fc.option(fc.integer({ min: 1000, max: 90 * DAY }), { nil: null, freq: 2 }),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    retryAfterMaxMs: fc.integer({ min: 0, max: 30 * DAY }),
    statuses: fc.constant(DEFAULT_RETRY.statuses),
  })
  // The configuration does not let both be open.
  .map((policy) => (policy.durationMs === null ? { ...policy, attempts: policy.attempts ?? 24 } : policy));
const anyTry = fc.record({
  tookMs: fc.double({ min: 0, max: 30_000, noNaN: true }),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  retryAfterMs: fc.option(fc.integer({ min: 0, max: 400 * DAY }), { nil: null }),
});

interface Lived {
  startedAt: number[];
  end: string;
}

/** A delivery whose every attempt fails, from its first attempt on. What was tried runs out before some budgets do. */
function live(policy: RetryPolicy, tries: { tookMs: number; random: number; retryAfterMs: number | null }[]): Lived {
  const startedAt: number[] = [];
  let [now, spentMs] = [0, 0];
  for (const [index, { tookMs, random, retryAfterMs }] of tries.entries()) {
    startedAt.push(now);
    const failures = index + 1;
    const outcome = afterFailure(policy, { ...failed, failures, spentMs, tookMs, retryAfterMs }, random);
    if (outcome.kind !== 'retry') return { startedAt, end: outcome.kind === 'dead' ? outcome.reason : outcome.kind };
    const plain = scheduledWait(policy.schedule, failures);
    const asked = Math.min(retryAfterMs ?? 0, policy.retryAfterMaxMs);
    expect(outcome.delayMs).toBeLessThanOrEqual(Math.max(Math.ceil(plain * (1 + policy.jitter)), asked));
    if (policy.durationMs === null)
      expect(outcome.delayMs).toBeGreaterThanOrEqual(Math.max(Math.floor(plain * (1 - policy.jitter)), asked));
    now += tookMs + outcome.delayMs;
    spentMs += outcome.spentMs ?? 0;
  }
  return { startedAt, end: 'open' };
}

describe('whatever the policy', () => {
  test('no more attempts than the budget, no attempt past the duration, and waits within jitter and cap', () => {
    const ends = new Set<string>();
    fc.assert(
      fc.property(anyPolicy, fc.array(anyTry, { minLength: 61, maxLength: 61 }), (policy, tries) => {
        const { startedAt, end } = live(policy, tries);
        ends.add(end);
        if (policy.attempts !== null) expect(startedAt.length).toBeLessThanOrEqual(policy.attempts);
        if (policy.durationMs !== null) expect(startedAt.at(-1)).toBeLessThanOrEqual(policy.durationMs);
        if (end === 'attempts_exhausted') expect(startedAt.length).toBe(policy.attempts);
        if (end === 'duration_exhausted') expect(policy.durationMs).not.toBeNull();
      }),
      { numRuns: 500 },
    );
    expect(ends).toEqual(new Set(['attempts_exhausted', 'duration_exhausted', 'open']));
  });
});

describe('the plan', () => {
  test('is what happens when every attempt fails at once', () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        const plan = planOf(policy).slice(0, 61);
        const tries = plan.map(() => ({ tookMs: 0, random: MIDDLE, retryAfterMs: null }));
        expect(live(policy, tries).startedAt).toEqual(plan.map(({ since }) => since.plain));
      }),
    );
  });

  test('of the default: 24 attempts in 71 hours, 57 to 86 with jitter', () => {
    const last = planOf(DEFAULT_RETRY).at(-1);
    const hours = (ms = 0): number => Math.round(ms / 3_600_000);
    expect([last?.number, hours(last?.since.plain), hours(last?.since.least), hours(last?.since.most)]).toEqual([24, 71, 57, 86]);
  });

  test('has its last attempt at the end of the duration', () => {
    const plan = planOf({ ...steady, durationMs: 2500 });
    expect(plan.map(({ since }) => since.plain)).toEqual([0, 1000, 2000, 2500]);
    expect(attemptsWithin({ ...steady, durationMs: 2500 })).toBe(4);
  });
});

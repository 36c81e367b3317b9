import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  DEFAULT_RETRY,
  parseRetryAfter,
  type RetryPolicy,
  retryDelay,
  type Schedule,
  scheduledWait,
} from '../../src/domain/retry-policy.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const MIDDLE = 0.5;
const steady: RetryPolicy = {
  ...DEFAULT_RETRY,
  schedule: { kind: 'exponential', initialMs: 1000, factor: 3, maxMs: 20_000 },
  jitter: 0,
};
const waits = (schedule: Schedule, count: number) =>
  Array.from({ length: count }, (_, index) => scheduledWait(schedule, index + 1));

const anyWait = fc.integer({ min: 1, max: 30 * 24 * HOUR });
const anySchedule: fc.Arbitrary<Schedule> = fc.oneof(
  fc.record({
    kind: fc.constant('exponential' as const),
    initialMs: anyWait,
    factor: fc.double({ min: 1, max: 10, noNaN: true }),
    maxMs: anyWait,
  }),
  fc.record({ kind: fc.constant('linear' as const), initialMs: anyWait, maxMs: anyWait }),
  fc.record({ kind: fc.constant('list' as const), delaysMs: fc.array(anyWait, { minLength: 1, maxLength: 20 }) }),
);

describe('the schedule', () => {
  test('of the default, worked out', () => {
    const found = waits(DEFAULT_RETRY.schedule, DEFAULT_RETRY.attempts - 1);
    const doubling = [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10_240, 20_480].map((seconds) => seconds * SECOND);
    expect(found).toEqual([...doubling, ...Array.from({ length: 10 }, () => 6 * HOUR)]);
    const total = found.reduce((sum, wait) => sum + wait, 0);
    expect(Math.round(total / HOUR)).toBe(71);
  });

  test('goes up to its longest wait and stays there', () => {
    expect([1, 2, 3, 4, 5].map((failures) => retryDelay(steady, failures, null, MIDDLE))).toEqual([
      1000, 3000, 9000, 20_000, 20_000,
    ]);
  });

  test('has an end to its growth however many failures there were', () => {
    expect(scheduledWait({ ...steady.schedule, kind: 'exponential', factor: 10, initialMs: 1, maxMs: 20_000 }, 1000)).toBe(
      20_000,
    );
  });

  test('jitter moves a wait by its share, both ways', () => {
    const policy = { ...steady, jitter: 0.2 };
    expect([0, MIDDLE, 1 - Number.EPSILON].map((random) => retryDelay(policy, 1, null, random))).toEqual([800, 1000, 1200]);
  });

  test('is a whole number of milliseconds within the jitter, for any policy', () => {
    const anyPolicy = fc.record({
      schedule: anySchedule,
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const anyRandom = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(anyPolicy, fc.integer({ min: 1, max: 1000 }), anyRandom, ({ schedule, jitter }, failures, random) => {
        const wait = retryDelay({ ...DEFAULT_RETRY, schedule, jitter }, failures, null, random);
        const plain = scheduledWait(schedule, failures);
        expect(Number.isSafeInteger(wait)).toBe(true);
        expect(wait).toBeGreaterThanOrEqual(Math.floor(plain * (1 - jitter)));
        expect(wait).toBeLessThanOrEqual(Math.ceil(plain * (1 + jitter)));
      }),
    );
  });

  test('never shrinks and never passes its longest wait, whatever is computed; a list is what it says', () => {
    fc.assert(
      fc.property(anySchedule, fc.integer({ min: 1, max: 200 }), (schedule, failures) => {
        const [wait, next] = [scheduledWait(schedule, failures), scheduledWait(schedule, failures + 1)];
        if (schedule.kind === 'list') {
          const { delaysMs } = schedule;
          expect(wait).toBe(delaysMs[Math.min(failures, delaysMs.length) - 1]);
        } else {
          expect(next).toBeGreaterThanOrEqual(wait);
          expect(next).toBeLessThanOrEqual(schedule.maxMs);
        }
      }),
    );
  });

  test('grows linearly, or goes by a list whose last wait stays', () => {
    expect(waits({ kind: 'linear', initialMs: 10, maxMs: 35 }, 5)).toEqual([10, 20, 30, 35, 35]);
    expect(waits({ kind: 'list', delaysMs: [5, 60, 7] }, 5)).toEqual([5, 60, 7, 7, 7]);
  });
});

describe('what the target asks for', () => {
  test.each([
    ['more than the schedule', 2000, 2000],
    ['less than the schedule', 200, 1000],
    ['nothing', null, 1000],
    ['too much', 24 * HOUR, DEFAULT_RETRY.retryAfterMaxMs],
  ])('%s: the larger of both, up to an hour', (_what, asked, expected) => {
    expect(retryDelay(steady, 1, asked, MIDDLE)).toBe(expected);
  });

  test('up to the cap of the policy, and not at all when that is nothing', () => {
    expect(retryDelay({ ...steady, retryAfterMaxMs: 90_000 }, 1, HOUR, MIDDLE)).toBe(90_000);
    expect(retryDelay({ ...steady, retryAfterMaxMs: 0 }, 1, HOUR, MIDDLE)).toBe(1000);
  });

  test('does not shorten a schedule that is longer than its cap', () => {
    expect(retryDelay(DEFAULT_RETRY, 20, 2 * HOUR, MIDDLE)).toBe(6 * HOUR);
  });
});

describe('Retry-After', () => {
  const now = Date.UTC(1994, 10, 6, 8, 49, 7);
  afterEach(() => vi.unstubAllEnvs());

  test.each([
    ['0', 0],
    ['120', 120_000],
    [' 5 ', 5000],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 30_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 30_000],
    ['Sun Nov  6 08:49:37 1994', 30_000],
    ['Sun, 06 Nov 1994 08:00:00 GMT', 0],
  ])('%j is a wait of %d ms, wherever the machine stands', (field, wait) => {
    vi.stubEnv('TZ', 'America/New_York');
    expect(new Date(now).getTimezoneOffset()).toBe(300); // the zone is in force, or the test would prove nothing
    expect(parseRetryAfter(field, now)).toBe(wait);
  });

  test.each([undefined, '', '-1', '1.5', '1e3', 'soon', '2026-01-01', 'Xyz, not a date', '12345678901234567890'])(
    '%j is none',
    (field) => {
      expect(parseRetryAfter(field, now)).toBeNull();
    },
  );

  test('any text gives a wait or none, never less than nothing', () => {
    fc.assert(
      fc.property(fc.string(), (field) => {
        const wait = parseRetryAfter(field, now);
        expect(wait === null || wait >= 0).toBe(true);
      }),
    );
  });
});

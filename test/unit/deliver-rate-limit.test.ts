import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Rate } from '../../src/config/units.ts';
import { RateLimit } from '../../src/deliver/rate-limit.ts';

const SECOND = 1_000;
const HOUR = 3_600_000;

/** Starts everything that may be started at these times. */
function startsAt(limit: RateLimit, times: readonly number[], most: number): number[] {
  const starts: number[] = [];
  for (const now of times) {
    for (let i = 0; i < most && limit.waitMs(now) === 0; i += 1) {
      limit.started(now);
      starts.push(now);
    }
  }
  return starts;
}

/** The most starts in any window of this length. */
function mostWithin(starts: readonly number[], windowMs: number): number {
  let most = 0;
  let first = 0;
  starts.forEach((at, last) => {
    while (at - (starts[first] ?? at) > windowMs) first += 1;
    most = Math.max(most, last - first + 1);
  });
  return most;
}

const rates = fc.record<Rate>({ amount: fc.integer({ min: 1, max: 5_000 }), perMs: fc.constantFrom(SECOND, 60 * SECOND, HOUR) });

test('in no window are there more starts than the limit and one second of it', () => {
  const gaps = fc.array(fc.oneof(fc.nat(20), fc.nat(3_000)), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(
      rates,
      gaps,
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 10_000 }),
      (rate, steps, most, windowMs) => {
        let now = 0;
        const times = steps.map((gap) => (now += gap));
        const starts = startsAt(new RateLimit(rate), times, most);
        const perSecond = (rate.amount / rate.perMs) * SECOND;
        expect(mostWithin(starts, windowMs)).toBeLessThanOrEqual((windowMs / SECOND) * perSecond + Math.max(1, perSecond) + 1e-6);
      },
    ),
  );
});

test('a backlog drains at the rate, within 5 %, though every timer is late', () => {
  fc.assert(
    fc.property(rates, fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 7, maxLength: 7 }), (rate, late) => {
      const limit = new RateLimit(rate);
      const interval = rate.perMs / rate.amount;
      const wanted = Math.max(100, Math.ceil((20 * SECOND) / interval)); // twenty seconds or a hundred starts
      let now = 0;
      for (let started = 0; started < wanted; started += 1) {
        const wait = limit.waitMs(now);
        if (wait > 0) now += Math.ceil(wait) + (late[started % 7] ?? 0);
        limit.started(now);
      }
      expect(now / ((wanted - 1) * interval)).toBeGreaterThan(0.95);
      expect(now / ((wanted - 1) * interval)).toBeLessThan(1.05);
    }),
    { numRuns: 50 },
  );
});

describe('a slow rate', () => {
  test('has one at a time, however long nothing was asked', () => {
    const limit = new RateLimit({ amount: 1, perMs: HOUR });
    limit.started(0);
    expect(limit.waitMs(0)).toBe(HOUR);
    limit.started(10 * HOUR);
    expect(limit.waitMs(10 * HOUR)).toBe(HOUR);
  });
});

describe('another rate', () => {
  test('that is faster counts from now on', () => {
    const limit = new RateLimit({ amount: 1, perMs: HOUR });
    limit.started(0);
    limit.change({ amount: 10, perMs: SECOND });
    expect(limit.waitMs(0)).toBe(0);
    expect(startsAt(limit, [0], 100)).toHaveLength(4);
  });

  test('that is slower is kept at once', () => {
    const limit = new RateLimit({ amount: 100, perMs: SECOND });
    startsAt(limit, [0], 100);
    limit.change({ amount: 60, perMs: HOUR });
    expect(limit.waitMs(0)).toBeGreaterThan(60 * SECOND - 500);
    expect(startsAt(limit, [500, 1_000, 61_000], 100)).toHaveLength(1);
  });
});

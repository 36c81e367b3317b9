import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AttemptWindow } from '../../src/domain/attempt-window.ts';
import { Breaker, type BreakerPolicy, DEFAULT_BREAKER } from '../../src/domain/breaker.ts';
import { DEFAULT_RETRY } from '../../src/domain/retry-policy.ts';

const POLICY: BreakerPolicy = { ...DEFAULT_BREAKER, failures: 3, minimum: 10, cooldownMs: 1_000, longestCooldownMs: 8_000 };
const FULL = 16;

/** An attempt that takes no time. */
function attempt(breaker: Breaker, now: number, result: 'ok' | 'failed'): unknown {
  breaker.began();
  return result === 'ok' ? breaker.succeeded(now, now, FULL) : breaker.failed(now, now);
}

function opened(now = 0): Breaker {
  const breaker = new Breaker(POLICY);
  for (let i = 0; i < 3; i += 1) attempt(breaker, now, 'failed');
  return breaker;
}

function halfOpened(now = 1_000): Breaker {
  const breaker = opened();
  breaker.halfOpen(now);
  return breaker;
}

describe('closed', () => {
  test('opens after so many failures in a row, and not before', () => {
    const breaker = new Breaker(POLICY);
    expect(attempt(breaker, 0, 'failed')).toBeNull();
    expect(attempt(breaker, 0, 'failed')).toBeNull();
    attempt(breaker, 0, 'ok');
    expect(attempt(breaker, 0, 'failed')).toBeNull();
    expect(attempt(breaker, 0, 'failed')).toBeNull();
    expect(breaker.phase).toBe('closed');
    expect(attempt(breaker, 7, 'failed')).toEqual({ kind: 'in_a_row', failures: 3 });
    expect([breaker.phase, breaker.limit, breaker.admits, breaker.probeAt]).toEqual(['open', 0, false, 1_007]);
  });

  test('opens by the share of failures, once there are enough attempts', () => {
    const breaker = new Breaker(POLICY);
    for (let i = 0; i < 4; i += 1) {
      expect(attempt(breaker, i, 'failed')).toBeNull();
      attempt(breaker, i, 'ok');
    }
    attempt(breaker, 5, 'ok');
    expect(attempt(breaker, 5, 'failed')).toEqual({ kind: 'share', failures: 5, attempts: 10 });
  });

  test('what lies further back than the window does not count', () => {
    const breaker = new Breaker(POLICY);
    for (let i = 0; i < 4; i += 1) {
      attempt(breaker, 0, 'failed');
      attempt(breaker, 0, 'ok');
    }
    const later = POLICY.windowMs + POLICY.windowMs / 10;
    expect(attempt(breaker, later, 'failed')).toBeNull();
    expect(attempt(breaker, later, 'failed')).toBeNull();
  });

  test('what says nothing about the target counts for nothing', () => {
    const breaker = new Breaker(POLICY);
    for (let i = 0; i < 100; i += 1) {
      breaker.began();
      breaker.void(0);
    }
    expect(breaker.phase).toBe('closed');
  });

  test('a policy that changes takes effect on what was counted', () => {
    const breaker = new Breaker(POLICY);
    attempt(breaker, 0, 'failed');
    breaker.configure({ ...POLICY, failures: 2 });
    expect(attempt(breaker, 0, 'failed')).toEqual({ kind: 'in_a_row', failures: 2 });
  });
});

describe('half open', () => {
  test('one probe, and no second one while it runs', () => {
    const breaker = halfOpened();
    expect(breaker.admits).toBe(true);
    breaker.began();
    expect(breaker.admits).toBe(false);
  });

  test('a probe that says nothing makes way for another', () => {
    const breaker = halfOpened();
    breaker.began();
    breaker.void(1_000);
    expect([breaker.phase, breaker.admits]).toEqual(['half_open', true]);
  });

  test('after a probe that fails the wait is as long as it has been open, from the first to the longest', () => {
    const breaker = opened();
    const waits: number[] = [];
    for (let now = breaker.probeAt; waits.length < 7; now = breaker.probeAt) {
      breaker.halfOpen(now);
      expect(attempt(breaker, now, 'failed')).toEqual({ kind: 'probe_failed' });
      waits.push(breaker.probeAt - now);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000, 8_000]);
  });

  test('attempts from before the probe neither close nor open it', () => {
    const breaker = halfOpened(1_000);
    breaker.began();
    expect(breaker.succeeded(1_001, 500, FULL)).toBe(false);
    expect(breaker.failed(1_002, 900)).toBeNull();
    expect([breaker.phase, breaker.admits]).toEqual(['half_open', false]);
    expect(breaker.succeeded(1_003, 1_000, FULL)).toBe(true);
    expect(breaker.failed(1_004, 900)).toBeNull();
    expect(breaker.failed(1_004, 900)).toBeNull();
    expect(breaker.phase).toBe('closed');
  });

  test('a start that is computed a little too early is that of the probe all the same', () => {
    const breaker = halfOpened(0.1 + 0.2);
    breaker.began();
    expect(breaker.succeeded(10, 0.3, FULL)).toBe(true);
  });
});

describe('ramping up', () => {
  test('each success doubles what may run at once, until all may', () => {
    const breaker = halfOpened();
    const limits = Array.from({ length: 5 }, () => {
      attempt(breaker, 1_000, 'ok');
      return breaker.limit;
    });
    expect(limits).toEqual([2, 4, 8, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  test('only the first success closes it', () => {
    const breaker = halfOpened();
    expect([attempt(breaker, 1_000, 'ok'), attempt(breaker, 1_000, 'ok')]).toEqual([true, false]);
  });

  test('a round of failures opens it again, and the wait grows on', () => {
    const breaker = halfOpened(3_000);
    attempt(breaker, 3_000, 'ok');
    expect(attempt(breaker, 3_000, 'failed')).toBeNull();
    expect(attempt(breaker, 3_000, 'failed')).toEqual({ kind: 'in_a_row', failures: 2 });
    expect(breaker.probeAt).toBe(6_000);
  });

  test('once it is ramped up the next wait is the first one again', () => {
    const breaker = halfOpened();
    for (let i = 0; i < 4; i += 1) attempt(breaker, 1_000, 'ok');
    for (let i = 0; i < 3; i += 1) attempt(breaker, 2_000, 'failed');
    expect([breaker.phase, breaker.probeAt]).toEqual(['open', 3_000]);
  });
});

test('restored, it waits for what is left and goes on from its wait', () => {
  const breaker = new Breaker(POLICY);
  breaker.restore(-3_300, 700);
  expect([breaker.phase, breaker.admits, breaker.probeAt]).toEqual(['open', false, 700]);
  breaker.halfOpen(700);
  attempt(breaker, 700, 'failed');
  expect(breaker.probeAt).toBe(4_700);
});

test('the defaults probe when the default schedule would try', () => {
  expect(DEFAULT_RETRY.schedule).toMatchObject({ initialMs: DEFAULT_BREAKER.cooldownMs, factor: 2 });
});

/** What can happen next; `takes` is how long an attempt runs, ms. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('start' as const), takes: fc.nat(3_000), fails: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(5_000) }) },
);

test('whatever happens: nothing starts while open, one probe at its time, a ramp that only grows', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const breaker = new Breaker(POLICY);
      const running: { startedAt: number; endsAt: number; fails: boolean }[] = [];
      let now = 0;
      let started = 0;
      const moveTo = (until: number): void => {
        for (;;) {
          const next = Math.min(
            ...running.map(({ endsAt }) => endsAt),
            breaker.phase === 'open' ? breaker.probeAt : until,
            until,
          );
          now = Math.max(now, next);
          const probeIsDue = breaker.phase === 'open' && breaker.probeAt <= now;
          if (probeIsDue) {
            breaker.halfOpen(now);
            started = 0;
          }
          const index = running.findIndex(({ endsAt }) => endsAt <= now);
          const [ended] = index < 0 ? [] : running.splice(index, 1);
          if (ended !== undefined) end(ended);
          else if (!probeIsDue && next >= until) return;
        }
      };
      const end = ({ startedAt, fails }: (typeof running)[number]): void => {
        const before = { phase: breaker.phase, limit: breaker.limit };
        if (fails) breaker.failed(now, startedAt);
        else breaker.succeeded(now, startedAt, FULL);
        if (before.phase === 'open') expect(breaker.phase).toBe('open');
        // Monotone: it grows, or it opens.
        if (breaker.phase !== 'open') expect(breaker.limit).toBeGreaterThanOrEqual(before.limit);
        if (before.phase !== 'open' && breaker.phase === 'open') {
          const wait = breaker.probeAt - now;
          expect(wait).toBeGreaterThanOrEqual(POLICY.cooldownMs);
          expect(wait).toBeLessThanOrEqual(POLICY.longestCooldownMs);
        }
      };
      for (const each of steps) {
        if (each.kind === 'wait') moveTo(now + each.ms);
        else if (breaker.admits) {
          expect(breaker.phase).not.toBe('open');
          if (breaker.phase === 'half_open') started += 1;
          expect(breaker.phase === 'half_open' ? started : 0).toBeLessThanOrEqual(1);
          breaker.began();
          running.push({ startedAt: now, endsAt: now + each.takes, fails: each.fails });
        }
      }
    }),
    { numRuns: 300 },
  );
});

describe('AttemptWindow', () => {
  test('counts what is not older than the window, whatever the steps', () => {
    const adds = fc.array(fc.record({ after: fc.nat(400), failed: fc.boolean() }), { maxLength: 100 });
    fc.assert(
      fc.property(adds, (all) => {
        const window = new AttemptWindow(1_000);
        const seen: { at: number; failed: boolean }[] = [];
        let now = 0;
        for (const { after, failed } of all) {
          now += after;
          window.add(now, failed);
          seen.push({ at: now, failed });
          const part = Math.floor(now / 100);
          const counted = seen.filter(({ at }) => Math.floor(at / 100) > part - 10);
          expect(window.attempts).toBe(counted.length);
          expect(window.failures).toBe(counted.filter((one) => one.failed).length);
        }
      }),
    );
  });
});

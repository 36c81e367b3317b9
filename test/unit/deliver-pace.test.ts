import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TargetLimits } from '../../src/config/types.ts';
import type { AttemptResult } from '../../src/deliver/classify.ts';
import { type FailureCode, failure, statusFailure } from '../../src/deliver/failure.ts';
import { Pace } from '../../src/deliver/pace.ts';
import type { OpenBreaker } from '../../src/deliver/ports.ts';
import { Reporter } from '../../src/deliver/reporter.ts';
import { type BreakerPolicy, DEFAULT_BREAKER } from '../../src/domain/breaker.ts';
import { recordingLogger } from '../support/dispatch.ts';
import { createManualClock } from '../support/manual-clock.ts';

// Everything that decides when an attempt may start, together, over a clock that is moved: whatever comes back from a
// target and however long it takes, the limits hold, nothing starts that may not, and nothing is left waiting for ever.

const POLICY: BreakerPolicy = { ...DEFAULT_BREAKER, failures: 4, minimum: 8, cooldownMs: 1_000, longestCooldownMs: 10_000 };
const CONCURRENCY = 4;
const MOST_BYTES = 1_000;

interface Planned {
  bytes: number;
  takesMs: number;
  ends: 200 | 422 | 429 | 500 | Extract<FailureCode, 'timeout' | 'cancelled'>;
}

const planned = fc.record<Planned>({
  bytes: fc.oneof({ weight: 9, arbitrary: fc.nat(600) }, { weight: 1, arbitrary: fc.constant(5_000) }),
  takesMs: fc.nat(700),
  ends: fc.oneof(
    { weight: 5, arbitrary: fc.constant(200 as const) },
    { weight: 4, arbitrary: fc.constantFrom(500 as const, 'timeout' as const) },
    { weight: 1, arbitrary: fc.constantFrom(422 as const, 429 as const, 'cancelled' as const) },
  ),
});

function resultOf({ ends, takesMs }: Planned, endedAt: number): AttemptResult {
  const isAnswer = typeof ends === 'number';
  const why = isAnswer ? (ends === 200 ? null : statusFailure(ends)) : failure(ends);
  return {
    ...{ startedAt: endedAt - takesMs, durationMs: takesMs, statusCode: isAnswer ? ends : null },
    ...{ failure: why, response: null, retryAfter: undefined },
  };
}

/** A target's queue that does nothing but start what may start. */
class Queue {
  readonly clock = createManualClock();
  readonly log = recordingLogger();
  readonly starts: { at: number; phase: 'closed' | 'half_open' }[] = [];
  readonly records = new Map<string, OpenBreaker>();
  /** When probes may be made, as it was promised. */
  readonly probes: number[] = [];
  readonly #waiting: Planned[] = [];
  readonly #pace: Pace;
  #running = 0;
  #bytes = 0;

  constructor(limits: TargetLimits) {
    const attempts = { attempt: nothing, delivered: nothing, settled: nothing, filtered: nothing, dead: nothing };
    const observer = { ...attempts, breakerOpened: nothing, breakerClosed: nothing };
    const reporter = new Reporter(observer, this.log.logger, false);
    const keep = async (target: string, breaker: OpenBreaker | null): Promise<void> => {
      if (breaker === null) this.records.delete(target);
      else this.records.set(target, breaker);
    };
    const parts = { clock: this.clock, logger: this.log.logger, reporter, breakers: { saved: this.records, keep } };
    this.#pace = new Pace('app', parts, { opened: () => this.#opened(), pump: () => this.pump() });
    this.#pace.configure({ concurrency: CONCURRENCY, limits });
  }

  get left(): number {
    return this.#waiting.length;
  }

  add(attempt: Planned): void {
    this.#waiting.push(attempt);
    this.pump();
  }

  pump(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#pace.mayStart(next.bytes)) return;
      this.#waiting.shift();
      this.#start(next);
    }
  }

  #start(attempt: Planned): void {
    const { breaker, isOpen, braked } = this.#pace;
    expect([isOpen, braked]).toEqual([false, false]);
    this.starts.push({ at: this.clock.monotonic(), phase: breaker === null ? 'closed' : 'half_open' });
    this.#pace.started(attempt.bytes);
    this.#running += 1;
    this.#bytes += attempt.bytes;
    expect(this.#running).toBeLessThanOrEqual(CONCURRENCY);
    if (this.#running > 1) expect(this.#bytes).toBeLessThanOrEqual(MOST_BYTES);
    this.clock.after(attempt.takesMs, () => {
      this.#running -= 1;
      this.#bytes -= attempt.bytes;
      this.#pace.ended(attempt.bytes, resultOf(attempt, this.clock.now()));
      this.pump();
    });
  }

  #opened(): void {
    const { breaker } = this.#pace;
    expect(breaker?.state).toBe('open');
    this.probes.push((breaker?.nextProbeAt ?? Number.NaN) - this.clock.now() + this.clock.monotonic());
    expect(this.records.get('app')?.probeAt).toBe(breaker?.nextProbeAt);
  }
}

const nothing = (): void => undefined;

test('limits hold, an open breaker lets nothing through but its probes at their times, and all is started in the end', async () => {
  const steps = fc.array(fc.oneof(planned, fc.nat(400)), { minLength: 1, maxLength: 120 });
  const rates = fc.constantFrom({ amount: 5, perMs: 1_000 }, { amount: 40, perMs: 1_000 }, null);
  await fc.assert(
    fc.asyncProperty(steps, rates, fc.boolean(), async (some, rate, isWell) => {
      // A target that is quick and well: then the rate is what limits.
      const quick = (step: Planned): Planned => ({ ...step, ends: 200, takesMs: step.takesMs % 20 });
      const all = some.map((step) => (isWell && typeof step === 'object' ? quick(step) : step));
      const queue = new Queue({ rate, inFlightBytes: MOST_BYTES, breaker: POLICY });
      for (const step of all) {
        if (typeof step === 'number') await queue.clock.advance(step);
        else queue.add(step);
      }
      // Half a day is enough for the longest of all waits in a row.
      for (let hour = 0; hour < 12 && queue.left > 0; hour += 1) await queue.clock.advance(3_600_000);
      expect(queue.left).toBe(0);
      await queue.clock.advance(3_600_000);
      expect(queue.clock.timers()).toBe(0);

      const probes = queue.starts.filter(({ phase }) => phase === 'half_open').map(({ at }) => at);
      for (const [index, at] of probes.entries()) {
        const promised = queue.probes.filter((time) => time <= at).length;
        expect(promised).toBeGreaterThan(0);
        // As many as were promised, but for those that said nothing and made way for another.
        const silent = all.filter((step) => typeof step === 'object' && step.ends === 'cancelled').length;
        expect(index + 1).toBeLessThanOrEqual(promised + silent);
      }
      if (rate === null) return;
      const perSecond = (rate.amount / rate.perMs) * 1_000;
      const times = queue.starts.map(({ at }) => at);
      for (const windowMs of [100, 1_000, 5_000]) {
        let first = 0;
        times.forEach((at, last) => {
          while (at - (times[first] ?? at) > windowMs) first += 1;
          expect(last - first + 1).toBeLessThanOrEqual((windowMs / 1_000) * perSecond + perSecond);
        });
      }
    }),
    { numRuns: 150 },
  );
});

test('a probe starts at the time that was promised, when something waits', async () => {
  const queue = new Queue({ rate: null, inFlightBytes: null, breaker: POLICY });
  const fails: Planned = { bytes: 1, takesMs: 10, ends: 500 };
  for (let i = 0; i < 12; i += 1) queue.add(fails);
  await queue.clock.advance(60_000);
  const probes = queue.starts.filter(({ phase }) => phase === 'half_open').map(({ at }) => at);
  expect(probes).toEqual(queue.probes.slice(0, probes.length));
  expect(probes).toHaveLength(5); // seven were spent by then
});

describe('an attempt that a filter made needless', () => {
  const parts = () => {
    const clock = createManualClock();
    const { logger } = recordingLogger();
    const observer = { attempt: nothing, delivered: nothing, settled: nothing, filtered: nothing, dead: nothing };
    const reporter = new Reporter({ ...observer, breakerOpened: nothing, breakerClosed: nothing }, logger, false);
    return { clock, logger, reporter, breakers: { saved: new Map<string, OpenBreaker>(), keep: async () => {} } };
  };

  test('gives its start back to the rate', () => {
    const pace = new Pace('app', parts(), { opened: nothing, pump: nothing });
    const limits = { rate: { amount: 1, perMs: 3_600_000 }, inFlightBytes: null, breaker: null };
    pace.configure({ concurrency: CONCURRENCY, limits });
    for (let i = 0; i < 100; i += 1) {
      expect(pace.mayStart(1)).toBe(true);
      pace.started(1);
      pace.passedOver(1);
    }
    pace.started(1);
    expect(pace.mayStart(1)).toBe(false);
    pace.close();
  });

  test('was no probe: another may be', () => {
    const pace = new Pace('app', parts(), { opened: nothing, pump: nothing });
    const limits = { rate: null, inFlightBytes: null, breaker: { ...POLICY, failures: 1 } };
    pace.configure({ concurrency: CONCURRENCY, limits });
    pace.started(1);
    pace.ended(1, resultOf({ bytes: 1, takesMs: 0, ends: 500 }, 0));
    pace.probeNow();
    pace.started(1);
    expect(pace.mayStart(1)).toBe(false);
    pace.passedOver(1);
    expect([pace.mayStart(1), pace.breaker?.state]).toEqual([true, 'half_open']);
    pace.close();
  });
});

import { describe, expect, test } from 'vitest';
import type { DeliveryQueue, SettleResult } from '../../src/deliver/ports.ts';
import { Settler, type Unsettled } from '../../src/deliver/settler.ts';
import { recordingLogger } from '../support/dispatch.ts';
import { createManualClock, settled } from '../support/manual-clock.ts';
import { createMemoryDeliveryQueue } from '../support/memory-delivery-queue.ts';

function open() {
  const clock = createManualClock();
  const queue = createMemoryDeliveryQueue(() => clock.now());
  const tries: string[] = [];
  const watched: DeliveryQueue = {
    ...queue,
    settle(delivery, attempt, outcome) {
      tries.push(delivery.id);
      return queue.settle(delivery, attempt, outcome);
    },
  };
  const log = recordingLogger();
  let unblocked = 0;
  const settler = new Settler(watched, clock, log.logger, () => {
    unblocked += 1;
  });
  const results: SettleResult['kind'][] = [];
  const result = (): Unsettled => ({
    delivery: queue.addLeased('app'),
    attempt: {
      number: 1,
      trigger: 'initial',
      startedAt: clock.now(),
      durationMs: 1,
      outcome: 'delivered',
      statusCode: 200,
      error: null,
      response: null,
    },
    outcome: { kind: 'delivered' },
    settled: (kind) => results.push(kind),
  });
  return { clock, queue, settler, tries, results, result, log, unblocked: () => unblocked };
}

const fault = new Error('disk full');

describe('Settler', () => {
  test('brings results to disk, stale ones as well', async () => {
    const { queue, settler, result, results } = open();
    const gone = result();
    queue.release([gone.delivery]);
    settler.settle(result());
    settler.settle(gone);
    expect(settler.unsettled).toBe(2);
    await settled();
    expect(results).toEqual(['settled', 'stale']);
    expect([settler.unsettled, settler.blocked]).toEqual([0, false]);
  });

  test('while nothing can be stored one is tried, with growing pauses of up to a second, and it is said once', async () => {
    const { clock, queue, settler, result, tries, log } = open();
    queue.failSettlesWith(fault);
    for (let i = 0; i < 5; i += 1) settler.settle(result());
    await settled();
    expect(settler.blocked).toBe(true);
    settler.settle(result());
    expect(tries).toHaveLength(5);
    const pauses: number[] = [];
    for (let waited = 0, seen = 5; pauses.length < 7; waited += 10) {
      await clock.advance(10);
      if (tries.length === seen) continue;
      expect(tries).toHaveLength(seen + 1);
      seen += 1;
      pauses.push(waited + 10);
      waited = -10;
    }
    expect(pauses).toEqual([50, 100, 200, 400, 800, 1000, 1000]);
    expect(log.lines.map(({ level }) => level)).toEqual(['error']);
  });

  test('when one succeeds all are stored, each once', async () => {
    const { clock, queue, settler, result, results, unblocked, log } = open();
    queue.failSettlesWith(fault);
    for (let i = 0; i < 5; i += 1) settler.settle(result());
    await settled();
    queue.failSettlesWith(null);
    await clock.advance(50);
    expect(results).toEqual(Array(5).fill('settled'));
    expect([settler.unsettled, settler.blocked, unblocked()]).toEqual([0, false, 1]);
    expect(queue.rows().every(({ history }) => history.length === 1)).toBe(true);
    expect(log.lines.map(({ level }) => level)).toEqual(['error', 'info']);
    await clock.advance(10_000);
    expect(clock.timers()).toBe(0);
  });

  test('flush waits for the disk', async () => {
    const { settler, result, results } = open();
    settler.settle(result());
    expect(await settler.flush(1000)).toBe(0);
    expect(results).toEqual(['settled']);
  });

  test('flush gives up after its time, and leaves no timer behind', async () => {
    const { clock, queue, settler, result } = open();
    queue.failSettlesWith(fault);
    settler.settle(result());
    const flushed = settler.flush(1500);
    await clock.advance(1500);
    expect(await flushed).toBe(1);
    await clock.advance(0);
    expect(clock.timers()).toBe(0);
  });
});

import { describe, expect, test } from 'vitest';
import type { LeaseBatch } from '../../src/deliver/ports.ts';
import { Refill } from '../../src/deliver/refill.ts';
import { recordingLogger } from '../support/dispatch.ts';
import { createManualClock, settled } from '../support/manual-clock.ts';

/** Only counted here. */
const SOME_DELIVERY = {} as LeaseBatch['deliveries'][number];
const NOTHING: LeaseBatch = { deliveries: [], nextDueAt: null };

function open() {
  const clock = createManualClock();
  const log = recordingLogger();
  const leases: { resolve(batch: LeaseBatch): void; reject(error: Error): void }[] = [];
  let wanted = true;
  const supply = {
    target: 'app',
    lease: () => (wanted ? new Promise<LeaseBatch>((resolve, reject) => leases.push({ resolve, reject })) : null),
    take: () => {},
  };
  const refill = new Refill(supply, clock, log.logger);
  const answer = async (batch: LeaseBatch | Error): Promise<void> => {
    const lease = leases.at(-1);
    if (batch instanceof Error) lease?.reject(batch);
    else lease?.resolve(batch);
    await settled();
  };
  return {
    clock,
    log,
    leases,
    refill,
    answer,
    want(yes: boolean) {
      wanted = yes;
    },
  };
}

describe('Refill', () => {
  test('at first it is unknown what waits; then it is known', async () => {
    const { refill, answer } = open();
    expect(refill.backlog).toBe(true);
    refill.check();
    await answer(NOTHING);
    expect(refill.backlog).toBe(false);
  });

  test('one lease at a time, and a wake-up while it runs makes another', async () => {
    const { clock, refill, leases, answer } = open();
    refill.check();
    refill.wake(clock.now());
    refill.wake(clock.now());
    expect(leases).toHaveLength(1);
    await answer(NOTHING);
    expect(leases).toHaveLength(2);
    expect(refill.backlog).toBe(true);
    await answer(NOTHING);
    expect(leases).toHaveLength(2);
    expect(refill.backlog).toBe(false);
  });

  test('what is not wanted yet is remembered until it is', async () => {
    const { clock, refill, leases, want, answer } = open();
    refill.check();
    await answer(NOTHING);
    want(false);
    refill.wake(clock.now());
    expect([leases.length, refill.backlog]).toEqual([1, true]);
    want(true);
    refill.check();
    expect(leases).toHaveLength(2);
  });

  test('the earliest of several times counts', async () => {
    const { clock, refill, leases, answer } = open();
    refill.check();
    await answer({ deliveries: [], nextDueAt: clock.now() + 50_000 });
    refill.wake(clock.now() + 1000);
    refill.wake(clock.now() + 2000);
    await clock.advance(999);
    expect(leases).toHaveLength(1);
    await clock.advance(1);
    expect(leases).toHaveLength(2);
  });

  test('an error is logged once, and the next try comes after a pause', async () => {
    const { clock, refill, leases, log, answer } = open();
    refill.check();
    await answer(new Error('closed'));
    refill.check();
    await clock.advance(999);
    expect(leases).toHaveLength(1);
    await clock.advance(1);
    await answer(new Error('closed'));
    await clock.advance(1000);
    await answer(NOTHING);
    expect(leases).toHaveLength(3);
    expect(log.lines.map(({ level }) => level)).toEqual(['error', 'info']);
  });

  test('something due that cannot be leased does not make it spin', async () => {
    const { clock, refill, leases, answer } = open();
    refill.check();
    await answer({ deliveries: [], nextDueAt: clock.now() - 1 });
    expect(leases).toHaveLength(1);
    await clock.advance(1000);
    expect(leases).toHaveLength(2);
  });

  test('a lease that ended early is followed by the next at once, also when it gave nothing', async () => {
    const { clock, refill, leases, answer } = open();
    refill.check();
    await answer({ deliveries: [], nextDueAt: clock.now(), cutShort: true });
    expect([leases.length, refill.behind, refill.backlog]).toEqual([2, false, true]);
  });

  test('it is behind when more was due than there was room for, or than a large lease takes', async () => {
    const { clock, refill, answer } = open();
    const some = (count: number) => Array.from({ length: count }, () => SOME_DELIVERY);
    refill.check();
    await answer({ deliveries: some(1), nextDueAt: clock.now() });
    expect(refill.behind).toBe(true);
    await answer({ deliveries: some(1), nextDueAt: null });
    expect(refill.behind).toBe(false);
    refill.wake(clock.now());
    for (let i = 0; i < 9; i += 1) await answer({ deliveries: some(50), nextDueAt: clock.now(), cutShort: true });
    expect(refill.behind).toBe(false);
    await answer({ deliveries: some(50), nextDueAt: clock.now(), cutShort: true });
    expect(refill.behind).toBe(true);
    await answer(NOTHING);
    expect(refill.behind).toBe(false);
  });

  test('closed, it leaves no timer behind', async () => {
    const { clock, refill, answer } = open();
    refill.check();
    await answer({ deliveries: [], nextDueAt: clock.now() + 1000 });
    refill.close();
    expect(clock.timers()).toBe(0);
  });
});

import { describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/domain/clock.ts';
import { createManualClock } from '../support/manual-clock.ts';

/** What the dispatcher relies on, of the clock it runs with and of the one it is tested with. */
const clocks: { name: string; open: () => { clock: Clock; pass: (ms: number) => Promise<void> } }[] = [
  {
    name: 'system',
    open: () => ({ clock: systemClock, pass: (ms) => new Promise((resolve) => systemClock.after(ms, resolve)) }),
  },
  {
    name: 'manual',
    open: () => {
      const clock = createManualClock();
      return { clock, pass: (ms) => clock.advance(ms) };
    },
  },
];

describe.each(clocks)('$name clock', ({ open }) => {
  test('fires in the order of time, and never before it', async () => {
    const { clock, pass } = open();
    const fired: string[] = [];
    const began = clock.monotonic();
    clock.after(30, () => fired.push('late'));
    clock.after(10, () => fired.push('early'));
    await pass(40);
    expect(fired).toEqual(['early', 'late']);
    expect(clock.monotonic() - began).toBeGreaterThanOrEqual(39);
  });

  test('does not fire what was cancelled', async () => {
    const { clock, pass } = open();
    let fired = 0;
    const cancel = clock.after(5, () => (fired += 1));
    cancel();
    cancel();
    await pass(15);
    expect(fired).toBe(0);
  });

  test('a timer set by a timer counts from there', async () => {
    const { clock, pass } = open();
    const began = clock.monotonic();
    let ended = 0;
    clock.after(10, () => clock.after(10, () => (ended = clock.monotonic() - began)));
    await pass(60);
    expect(ended).toBeGreaterThanOrEqual(19);
  });
});

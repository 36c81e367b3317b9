import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/domain/clock.ts';

const DAY_MS = 86_400_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

describe('long waits', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Times of the fake clock, in ms from now, at which `after` called. */
  function firedAt(delayMs: number, passMs: number): number[] {
    const began = Date.now();
    const fired: number[] = [];
    systemClock.after(delayMs, () => fired.push(Date.now() - began));
    vi.advanceTimersByTime(passMs);
    return fired;
  }

  test('control: a plain timer of the platform does not wait so long', () => {
    vi.useRealTimers();
    const plain = setTimeout(() => undefined, 30 * DAY_MS);
    // Node says so with a TimeoutOverflowWarning and waits 1 ms.
    expect(Reflect.get(plain, '_idleTimeout')).toBe(1);
    clearTimeout(plain);
  });

  test.each([1, LONGEST_TIMER_MS, LONGEST_TIMER_MS + 1, 30 * DAY_MS, 400 * DAY_MS])('%d ms end then, once', (delayMs) => {
    expect(firedAt(delayMs, delayMs - 1)).toEqual([]);
    vi.clearAllTimers();
    expect(firedAt(delayMs, delayMs + LONGEST_TIMER_MS)).toEqual([delayMs]);
  });

  test.each([0, -5])('%d ms are over at once', (delayMs) => {
    expect(firedAt(delayMs, 0)).toEqual([0]);
  });

  test('a wait can be cancelled in its second leg', () => {
    const fire = vi.fn();
    const cancel = systemClock.after(60 * DAY_MS, fire);
    vi.advanceTimersByTime(50 * DAY_MS);
    cancel();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(60 * DAY_MS);
    expect(fire).not.toHaveBeenCalled();
  });
});

test('the monotonic time does not go back and runs in milliseconds', async () => {
  const first = systemClock.monotonic();
  await new Promise<void>((resolve) => systemClock.after(20, resolve));
  const passed = systemClock.monotonic() - first;
  expect(passed).toBeGreaterThanOrEqual(19);
  expect(passed).toBeLessThan(10_000);
});

test('now is the wall time', () => {
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1000);
});

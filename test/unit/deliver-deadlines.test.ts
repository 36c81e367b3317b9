import { describe, expect, test } from 'vitest';
import { Deadlines, type Expiring } from '../../src/deliver/deadlines.ts';
import { Fifo } from '../../src/deliver/fifo.ts';
import { createManualClock } from '../support/manual-clock.ts';

function open() {
  const clock = createManualClock();
  const deadlines = new Deadlines(clock, 1000);
  const expired: string[] = [];
  const begin = (name: string, expire?: () => void): Expiring => {
    const expiring: Expiring = {
      endsAt: 0,
      before: null,
      after: null,
      expire: () => {
        expired.push(`${name}@${clock.monotonic()}`);
        expire?.();
      },
    };
    deadlines.begin(expiring, clock.monotonic());
    return expiring;
  };
  return { clock, deadlines, expired, begin };
}

describe('Deadlines', () => {
  test('each expires at its time, with one timer for all', async () => {
    const { clock, expired, begin } = open();
    begin('a');
    await clock.advance(300);
    begin('b');
    begin('c');
    expect(clock.timers()).toBe(1);
    await clock.advance(5000);
    expect(expired).toEqual(['a@1000', 'b@1300', 'c@1300']);
    expect(clock.timers()).toBe(0);
  });

  test('what ended in time does not expire', async () => {
    const { clock, deadlines, expired, begin } = open();
    const a = begin('a');
    await clock.advance(500);
    begin('b');
    deadlines.end(a);
    await clock.advance(5000);
    expect(expired).toEqual(['b@1500']);
  });

  test('what begins while others expire has its full time, and no timer is doubled', async () => {
    const { clock, expired, begin } = open();
    begin('a', () => begin('next'));
    begin('b', () => begin('next'));
    await clock.advance(1000);
    expect(clock.timers()).toBe(1);
    await clock.advance(5000);
    expect(expired).toEqual(['a@1000', 'b@1000', 'next@2000', 'next@2000']);
  });

  test('closed, it leaves no timer behind', () => {
    const { clock, deadlines, begin } = open();
    begin('a');
    deadlines.close();
    expect(clock.timers()).toBe(0);
  });
});

describe('Fifo', () => {
  test('keeps the order over many pushes and shifts', () => {
    const fifo = new Fifo<number>();
    const out: (number | undefined)[] = [];
    for (let i = 0; i < 10_000; i += 1) {
      fifo.push(2 * i);
      fifo.push(2 * i + 1);
      out.push(fifo.shift());
    }
    out.push(...fifo.drain());
    expect(out).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
    expect(fifo.shift()).toBeUndefined();
    fifo.push(7);
    expect(fifo.shift()).toBe(7);
  });
});

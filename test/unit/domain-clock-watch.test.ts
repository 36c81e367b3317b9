import { beforeEach, expect, test } from 'vitest';
import { type ClockWatch, watchClock } from '../../src/domain/clock-watch.ts';
import { createManualClock, type ManualClock } from '../support/manual-clock.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

let clock: ManualClock;
let told: (number | 'stable')[];
let watch: ClockWatch;

beforeEach(() => {
  clock = createManualClock();
  told = [];
  watch = watchClock(clock, { jumped: (byMs) => told.push(byMs), stable: () => told.push('stable') });
});

test('a clock that runs as time does is not talked about', async () => {
  await clock.advance(3 * HOUR);
  expect(told).toEqual([]);
});

test.each([2 * HOUR, -HOUR, 5 * MINUTE + 1, -5 * MINUTE - 1])(
  'a jump by %d ms is told once, within ten seconds',
  async (byMs) => {
    await clock.advance(25 * SECOND);
    clock.jumpWall(byMs);
    await clock.advance(10 * SECOND);
    expect(told).toEqual([byMs]);
    await clock.advance(30 * MINUTE);
    expect(told).toEqual([byMs]);
  },
);

test('a jump is told in whole milliseconds', async () => {
  clock.jumpWall(-HOUR + 0.25);
  await clock.advance(10 * SECOND);
  expect(told).toEqual([-HOUR]);
});

test.each([5 * MINUTE, -5 * MINUTE])('a correction by %d ms is none', async (byMs) => {
  clock.jumpWall(byMs);
  await clock.advance(10 * SECOND);
  expect(told).toEqual([]);
});

test('slow drift is followed, however far it goes', async () => {
  for (let i = 0; i < 200; i += 1) {
    clock.jumpWall(5 * SECOND);
    await clock.advance(10 * SECOND);
  }
  expect(told).toEqual([]);
});

test('after an hour without another jump the clock is believed again', async () => {
  clock.jumpWall(HOUR);
  await clock.advance(10 * SECOND);
  await clock.advance(HOUR - 10 * SECOND);
  expect(told).toEqual([HOUR]);
  await clock.advance(10 * SECOND);
  expect(told).toEqual([HOUR, 'stable']);
  await clock.advance(2 * HOUR);
  expect(told).toEqual([HOUR, 'stable']);
});

test('another jump, also back to the right time, begins the hour anew', async () => {
  clock.jumpWall(HOUR);
  await clock.advance(50 * MINUTE);
  clock.jumpWall(-HOUR);
  await clock.advance(50 * MINUTE);
  expect(told).toEqual([HOUR, -HOUR]);
  await clock.advance(11 * MINUTE);
  expect(told).toEqual([HOUR, -HOUR, 'stable']);
});

test('who asks hears of a jump at once, and it is told once', async () => {
  clock.jumpWall(2 * HOUR);
  watch.look();
  expect(told).toEqual([2 * HOUR]);
  await clock.advance(MINUTE);
  expect(told).toEqual([2 * HOUR]);
  clock.jumpWall(-HOUR);
  watch.look();
  expect(told).toEqual([2 * HOUR, -HOUR]);
});

test('ended, it looks no more', async () => {
  watch.stop();
  expect(clock.timers()).toBe(0);
  clock.jumpWall(HOUR);
  await clock.advance(MINUTE);
  expect(told).toEqual([]);
});

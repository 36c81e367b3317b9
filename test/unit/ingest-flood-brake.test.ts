import { expect, test } from 'vitest';
import { FloodBrake } from '../../src/ingest/flood-brake.ts';
import { createManualClock } from '../support/manual-clock.ts';

function flood(brake: FloodBrake, count: number): { answered: number } {
  const seen = { answered: 0 };
  for (let i = 0; i < count; i += 1) {
    brake.pass(() => {
      seen.answered += 1;
    });
  }
  return seen;
}

test('a few refusals are answered at once, those of a flood a little later', async () => {
  const clock = createManualClock();
  const seen = flood(new FloodBrake(clock), 500);
  expect(seen.answered).toBe(200);
  await clock.advance(249);
  expect(seen.answered).toBe(200);
  await clock.advance(1);
  expect(seen.answered).toBe(500);
});

test('no more than a thousand answers are held back together', async () => {
  const clock = createManualClock();
  const seen = flood(new FloodBrake(clock), 1_500);
  expect(seen.answered).toBe(500);
  await clock.advance(250);
  expect(seen.answered).toBe(1_500);
});

test('after the flood refusals are answered at once again', async () => {
  const clock = createManualClock();
  const brake = new FloodBrake(clock);
  flood(brake, 300);
  await clock.advance(5_000);
  expect(flood(brake, 150).answered).toBe(150);
});

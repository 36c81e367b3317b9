import { expect, test } from 'vitest';
import { holdAgainstModel } from './model.ts';
import { DirectDriver, ThreadDriver } from './model-drivers.ts';

test('whatever happens to it, the store holds what the model holds', { timeout: 60_000 }, async () => {
  await holdAgainstModel({ runs: 150 });
});

test('the same through its thread, with its lock, ended at any moment', { timeout: 60_000 }, async () => {
  await holdAgainstModel({ runs: 5, open: () => ThreadDriver.open() });
});

test('control: a store that forgets what it had acknowledged is caught', { timeout: 60_000 }, async () => {
  // A fixed seed, because a life of another one may lose something else first, such as a pause.
  await expect(holdAgainstModel({ runs: 200, seed: 1, open: () => new DirectDriver(true) })).rejects.toThrow('events');
});

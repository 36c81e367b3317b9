import { expect, test } from 'vitest';
import { killLoop } from '../support/kill-loop.ts';

test('killed at any moment, the relay loses, invents and doubles nothing', { timeout: 120_000 }, async () => {
  const report = await killLoop({ rounds: 10 });
  expect(report).toMatchObject({ lost: [], phantom: [], duplicate: [], altered: [] });
  expect(report.acknowledged).toBeGreaterThan(100);
});

test('control: acknowledging before the commit is caught', { timeout: 120_000 }, async () => {
  const report = await killLoop({ rounds: 5, hasty: true });
  expect(report.lost.length).toBeGreaterThan(0);
});

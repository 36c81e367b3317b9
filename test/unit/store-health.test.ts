import { beforeEach, expect, test } from 'vitest';
import { StorageHealth } from '../../src/store/sqlite/health.ts';
import type { StorageTrouble } from '../../src/store/sqlite/ports.ts';

let told: (readonly StorageTrouble[])[];
let health: StorageHealth;
beforeEach(() => {
  told = [];
  health = new StorageHealth((troubles) => told.push(troubles));
});

test('takes events until something is wrong, and again when it is over', () => {
  expect(health.refusal).toBeNull();
  health.set('wal_full', true);
  expect([health.refusal, health.has('wal_full')]).toEqual(['wal_full', true]);
  health.set('wal_full', false);
  expect([health.refusal, health.has('wal_full')]).toEqual([null, false]);
});

test.each([
  ['broken', 'storage_failing'],
  ['disk_full', 'disk_full'],
  ['disk_low', 'disk_full'],
  ['wal_full', 'wal_full'],
  ['checkpoint_failing', 'storage_failing'],
] as const)('%s refuses with %s', (trouble, reason) => {
  health.set(trouble, true);
  expect(health.refusal).toBe(reason);
});

test('tells of changes only, with all that is wrong', () => {
  health.set('disk_low', false);
  health.set('disk_low', true);
  health.set('disk_low', true);
  health.set('broken', true);
  health.set('disk_low', false);
  expect(told).toEqual([['disk_low'], ['disk_low', 'broken'], ['broken']]);
});

test('refuses until the last trouble is over', () => {
  health.set('disk_full', true);
  health.set('wal_full', true);
  health.set('disk_full', false);
  expect(health.refusal).toBe('wal_full');
  health.set('wal_full', false);
  expect(health.refusal).toBeNull();
});

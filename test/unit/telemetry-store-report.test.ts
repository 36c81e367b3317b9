import { expect, it } from 'vitest';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { storeObserver } from '../../src/telemetry/store-report.ts';

function watched() {
  const said: string[] = [];
  const log = (_record: object, message: string) => void said.push(message);
  const logger = { debug: log, info: log, warn: log, error: log };
  const alerts: Parameters<typeof storeObserver>[1] = {
    storageTrouble: (code) => said.push(`alert: ${code}`),
    storageResolved: () => said.push('alert: resolved'),
    storageNews: (code) => said.push(`news: ${code}`),
  };
  const memory = () => ({ rss: 0, heapUsed: 0, external: 0 });
  const sources = {
    targetCounts: async () => [],
    now: () => 0,
    ready: () => true,
    breakers: () => [],
    memory,
    alertsFiring: () => new Map(),
  };
  return { said, observer: storeObserver(createMetrics(sources, { version: '0', node: 'v0' }), alerts, logger) };
}

it('says that the storage works again only after trouble', () => {
  const { said, observer } = watched();
  observer.trouble([]);
  expect(said).toEqual([]);
  observer.trouble(['disk_low']);
  observer.trouble([]);
  observer.trouble([]);
  expect(said).toEqual(['storage trouble', 'alert: disk_low', 'storage works again', 'alert: resolved']);
});

it('tells of damage and of a long log as news, which nothing resolves', () => {
  const { said, observer } = watched();
  observer.damaged('dlv_1');
  observer.walAlarm(1);
  observer.walAlarm(2);
  observer.trouble([]);
  expect(said).toEqual(['stored event damaged', 'news: event_damaged', 'write-ahead log too long', 'news: wal_long']);
});

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Clock, systemClock } from '../../src/domain/clock.ts';
import { type Alert, type Alerts, createAlerts } from '../../src/telemetry/alerts.ts';

const MINUTE = 60_000;

describe('alerts', () => {
  let server: Server;
  let received: Alert[];
  let answer: () => number;
  let monotonic: number;
  let warnings: object[];
  let alerts: Alerts;
  const clock: Clock = { ...systemClock, monotonic: () => monotonic };

  beforeEach(async () => {
    received = [];
    warnings = [];
    monotonic = 0;
    answer = () => 200;
    server = createServer((request, response) => {
      request.setEncoding('utf8');
      let text = '';
      request.on('data', (part) => {
        text += part;
      });
      request.on('end', () => {
        const status = answer();
        if (status === 0) return;
        if (status < 300) received.push(JSON.parse(text));
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const logger = { debug() {}, info() {}, error() {}, warn: (record: object) => void warnings.push(record) };
    alerts = createAlerts({ url: url(), clock, logger, retries: { count: 2, firstWaitMs: 1 } });
  });
  afterEach(async () => {
    await alerts.close(0);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook-secret-path`;

  it('posts a dead letter of a target when none was posted for ten minutes, also when more come all the time', async () => {
    for (const [number, pause] of [9, 1, 9, 1].entries()) {
      alerts.deadLetter('app', `dlv_${number}`, 'budget_used');
      monotonic += pause * MINUTE;
    }
    alerts.deadLetter('audit', 'dlv_audit', 'target_status');
    await alerts.close(5_000);
    expect(received.map((alert) => alert.details.deliveryId).toSorted()).toEqual(['dlv_0', 'dlv_2', 'dlv_audit']);
    expect(received[0]).toMatchObject({ kind: 'dead_letter', at: expect.stringMatching(/Z$/), summary: expect.any(String) });
  });

  it('forgets what it could tell nobody', async () => {
    alerts.setUrl(null);
    alerts.deadLetter('app', 'dlv_1', 'r');
    alerts.storageTrouble('disk_low', 'm');
    alerts.storageNews('wal_long', 'm');
    alerts.setUrl(url());
    alerts.storageResolved();
    alerts.deadLetter('app', 'dlv_2', 'r');
    alerts.storageNews('wal_long', 'm');
    await alerts.close(5_000);
    expect(received.map(({ kind, details }) => details.deliveryId ?? kind).toSorted()).toEqual(['dlv_2', 'storage_news']);
  });

  it('never calls news resolved', async () => {
    alerts.storageNews('event_damaged', 'm');
    alerts.storageNews('event_damaged', 'm');
    alerts.storageResolved();
    alerts.storageTrouble('disk_low', 'm');
    alerts.storageResolved();
    await alerts.close(5_000);
    const told = received.map(({ kind, details }) => `${kind} ${details.code}`);
    expect(told.toSorted()).toEqual(['storage_news event_damaged', 'storage_resolved disk_low', 'storage_trouble disk_low']);
  });

  it('tells storage trouble once, and its end', async () => {
    alerts.storageResolved();
    alerts.storageTrouble('disk_full', 'less than 256 MiB free');
    alerts.storageTrouble('disk_full', 'less than 256 MiB free');
    alerts.storageTrouble('checkpoint_failing', 'I/O error');
    await vi.waitFor(() => expect(received).toHaveLength(2));
    expect(received.map((alert) => alert.details.code).toSorted()).toEqual(['checkpoint_failing', 'disk_full']);
    alerts.storageResolved();
    alerts.storageResolved();
    await alerts.close(5_000);
    expect(received.map((alert) => alert.kind)).toEqual(['storage_trouble', 'storage_trouble', 'storage_resolved']);
    expect(received[2]?.details.code).toBe('disk_full, checkpoint_failing');
  });

  it('tells of the same storage trouble again when it was not told for ten minutes, or was resolved', async () => {
    alerts.storageTrouble('disk_low', 'm');
    monotonic += 9 * MINUTE;
    alerts.storageTrouble('disk_low', 'm');
    monotonic += MINUTE;
    alerts.storageTrouble('disk_low', 'm');
    alerts.storageResolved();
    alerts.storageTrouble('disk_low', 'm');
    await alerts.close(5_000);
    expect(received.filter((alert) => alert.kind === 'storage_trouble')).toHaveLength(3);
  });

  it('tries again', async () => {
    const statuses = [500, 503, 204];
    answer = () => statuses.shift() ?? 200;
    alerts.deadLetter('app', 'dlv_1', 'r');
    await alerts.close(5_000);
    expect(received).toHaveLength(1);
  });

  it('logs a failure without the URL', async () => {
    answer = () => 500;
    alerts.deadLetter('app', 'dlv_1', 'r');
    await alerts.close(5_000);
    expect(warnings).toHaveLength(1);
    expect(JSON.stringify(warnings)).not.toContain('secret-path');
  });

  it('closes in time although the receiver never answers', async () => {
    let asked = false;
    answer = () => {
      asked = true;
      return 0;
    };
    alerts.deadLetter('app', 'dlv_1', 'r');
    await vi.waitFor(() => expect(asked).toBe(true));
    const before = performance.now();
    await alerts.close(20);
    expect(performance.now() - before).toBeLessThan(2_000);
    expect(warnings).toHaveLength(1);
  });

  it('bounds what is under way, and follows a new URL', async () => {
    answer = () => 0;
    for (let i = 0; i < 21; i += 1) alerts.deadLetter(`target${i}`, `dlv_${i}`, 'r');
    expect(warnings).toHaveLength(1);
    alerts.setUrl(null);
    alerts.deadLetter('another', 'dlv_x', 'r');
    expect(warnings).toHaveLength(1);
  });
});

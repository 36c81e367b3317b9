import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AlertConfig } from '../../src/config/types.ts';
import type { AlertPayload } from '../../src/telemetry/alert-formats/payload.ts';
import { type Alerts, createAlerts } from '../../src/telemetry/alerts.ts';
import { createManualClock, type ManualClock } from '../support/manual-clock.ts';
import { type Behaviour, ok, type Receiver, startReceiver } from '../support/receiver.ts';
import { waitFor } from '../support/wait.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LOOK = 30_000;

describe('alerts', () => {
  let receiver: Receiver;
  let other: Receiver;
  let clock: ManualClock;
  let warnings: object[];
  let alerts: Alerts;

  const config = (changes: Partial<AlertConfig> = {}): AlertConfig => ({
    ...{ url: `${receiver.url}/hook-secret-path`, shownUrl: `${receiver.url}/[hidden]`, format: 'json' },
    ...{ backlogAgeMs: 15 * MINUTE, refusals: { amount: 5, perMs: MINUTE }, quietMs: HOUR },
    ...changes,
  });
  const start = (...destinations: AlertConfig[]): Alerts => {
    const logger = { debug() {}, info() {}, error() {}, warn: (record: object) => void warnings.push(record) };
    return createAlerts({ destinations, clock, logger, relay: () => 'relay-1', retries: { count: 2, firstWaitMs: 1 } });
  };
  const messages = ({ received }: Receiver = receiver): AlertPayload[] => received.map(({ body }) => JSON.parse(body.toString()));
  const words = (from: Receiver = receiver): string[] => messages(from).map(({ state, key }) => `${state} ${key}`);
  /** Waits until all of these, and no others, have come. */
  const told = async (expected: string[], from: Receiver = receiver): Promise<void> => {
    await waitFor(`${expected.length} alerts`, () => from.received.length >= expected.length);
    expect(words(from)).toEqual(expected);
  };

  beforeEach(async () => {
    receiver = await startReceiver();
    other = await startReceiver();
    clock = createManualClock();
    warnings = [];
    alerts = start(config());
  });
  afterEach(async () => {
    const closing = alerts.close(0);
    await clock.advance(0);
    await closing;
    await receiver.close();
    await other.close();
  });

  it('tells when a breaker opens and closes, and a target is paused and resumed, in order', async () => {
    alerts.breakerOpened('app', 'ECONNREFUSED');
    alerts.breakerOpened('app', 'ETIMEDOUT');
    alerts.targetPaused('audit', 'migration');
    alerts.breakerClosed('app');
    alerts.breakerClosed('app');
    alerts.targetResumed('audit');
    await told([
      'firing breaker_open:app',
      'firing target_paused:audit',
      'resolved breaker_open:app',
      'resolved target_paused:audit',
    ]);
    expect(messages()[0]).toMatchObject({
      kind: 'breaker_open',
      target: 'app',
      detail: { reason: 'ECONNREFUSED' },
      relay: 'relay-1',
    });
    expect(messages()[1]).toMatchObject({ summary: 'audit is paused: migration' });
    expect(messages()[2]?.id).toBe(messages()[0]?.id);
  });

  it('tells the first dead letter after a quiet hour, and its end after another', async () => {
    alerts.watch(async () => []);
    for (let n = 0; n < 5; n += 1) {
      alerts.deadLetter('app', `dlv_${n}`, 'attempts_exhausted');
      await clock.advance(30 * MINUTE);
    }
    alerts.deadLetter('audit', 'dlv_audit', 'target_status');
    await clock.advance(HOUR + LOOK);
    alerts.deadLetter('app', 'dlv_late', 'attempts_exhausted');
    await told([
      'firing dead_letter:app',
      'firing dead_letter:audit',
      'resolved dead_letter:app',
      'resolved dead_letter:audit',
      'firing dead_letter:app',
    ]);
    expect(messages()[0]?.detail).toEqual({ deliveryId: 'dlv_0', reason: 'attempts_exhausted' });
  });

  it('tells of a backlog that is old, and again when it is worked off to half of that', async () => {
    let ageMs: number | null = 15 * MINUTE - 1;
    const asked = { count: 0 };
    alerts.watch(async () => {
      asked.count += 1;
      return [{ target: 'app', counts: { pending: 7 }, oldestDueAt: ageMs === null ? null : clock.now() - ageMs }];
    });
    await clock.advance(LOOK);
    ageMs = 15 * MINUTE;
    await clock.advance(2 * LOOK);
    ageMs = 8 * MINUTE;
    await clock.advance(LOOK);
    expect(alerts.firing()).toEqual(new Map([['backlog_age', 1]]));
    ageMs = null;
    await clock.advance(LOOK);
    await told(['firing backlog_age:app', 'resolved backlog_age:app']);
    expect(messages()[0]?.detail).toEqual({ ageSeconds: 900, pending: 7 });
    expect(asked.count).toBe(6); // once at the start, then every 30 s
  });

  it('goes on looking when the store is busy, and does not ask it when nobody wants to know', async () => {
    let asked = 0;
    const backlogs = async (): Promise<never> => {
      asked += 1;
      throw new Error('busy');
    };
    alerts.watch(backlogs);
    await clock.advance(2 * LOOK);
    expect(asked).toBe(3);
    alerts.configure([config({ backlogAgeMs: null })], new Set());
    await clock.advance(2 * LOOK);
    expect(asked).toBe(3);
  });

  it('tells of many refusals on a route, not of those without a route or for want of storage', async () => {
    alerts.watch(async () => []);
    for (let n = 0; n < 10; n += 1) {
      alerts.refused(null, 'not_found');
      alerts.refused('stripe', 'disk_full');
      if (n < 4) alerts.refused('stripe', 'verification_failed');
    }
    await clock.advance(1_000);
    expect(alerts.list()).toEqual([]);
    alerts.refused('stripe', 'rate_limited');
    await clock.advance(5 * MINUTE - 1_000);
    expect(alerts.firing()).toEqual(new Map([['refusals', 1]]));
    await clock.advance(LOOK + 1_000);
    await told(['firing refusals:stripe', 'resolved refusals:stripe']);
    expect(messages()[0]).toMatchObject({ route: 'stripe', detail: { verification_failed: 4, rate_limited: 1 } });
  });

  it('tells storage trouble by its code, the end of all of it, and news without an end', async () => {
    alerts.storageResolved();
    alerts.storageTrouble('disk_full', 'm');
    alerts.storageTrouble('disk_full', 'm');
    alerts.storageTrouble('checkpoint_failing', 'm');
    alerts.storageNews('event_damaged', 'm');
    alerts.storageNews('event_damaged', 'm');
    alerts.storageResolved();
    alerts.storageResolved();
    await told([
      'firing storage_trouble:disk_full',
      'firing storage_trouble:checkpoint_failing',
      'firing storage_news:event_damaged',
      'resolved storage_trouble:disk_full',
      'resolved storage_trouble:checkpoint_failing',
    ]);
    expect(alerts.firing().size).toBe(0);
    expect(alerts.list().map(({ state }) => state)).toEqual(expect.arrayContaining(['noted', 'resolved']));
  });

  it('tells each destination by its own thresholds and in its own format', async () => {
    alerts.configure([config(), config({ url: other.url, format: 'slack', refusals: null })], new Set(['app']));
    for (let n = 0; n < 5; n += 1) alerts.refused('stripe', 'verification_failed');
    alerts.breakerOpened('app', 'r');
    await told(['firing refusals:stripe', 'firing breaker_open:app']);
    await waitFor('message at the other', () => other.received.length === 1);
    expect(JSON.parse(other.received[0]?.body.toString() ?? '')).toMatchObject({
      text: expect.stringContaining('app fails'),
      blocks: expect.any(Array),
    });
    expect(alerts.list().map(({ key }) => key)).toEqual(['refusals:stripe', 'breaker_open:app']);
  });

  it('tells a new destination at once what fires, and keeps quiet to one that stays', async () => {
    alerts.breakerOpened('app', 'r');
    alerts.storageTrouble('disk_low', 'm');
    await told(['firing breaker_open:app', 'firing storage_trouble:disk_low']);
    const both = [config(), config({ url: other.url, shownUrl: other.url })];
    alerts.configure(both, new Set(['app']));
    await told(['firing breaker_open:app', 'firing storage_trouble:disk_low'], other);
    alerts.breakerClosed('app');
    await told(['firing breaker_open:app', 'firing storage_trouble:disk_low', 'resolved breaker_open:app'], other);
    await told(['firing breaker_open:app', 'firing storage_trouble:disk_low', 'resolved breaker_open:app']);
  });

  it('ends what is about a target that the configuration has no more', async () => {
    alerts.breakerOpened('app', 'r');
    alerts.targetPaused('audit', null);
    alerts.configure([config()], new Set(['audit']));
    await told(['firing breaker_open:app', 'firing target_paused:audit', 'resolved breaker_open:app']);
    expect(alerts.firing()).toEqual(new Map([['target_paused', 1]]));
  });

  it('without a destination tells nobody, and still knows', async () => {
    alerts.configure([], new Set(['app']));
    alerts.breakerOpened('app', 'r');
    expect(alerts.firing()).toEqual(new Map([['breaker_open', 1]]));
    expect(await alerts.test()).toEqual([]);
    expect(receiver.received).toEqual([]);
  });

  it('sends a test, and says where it did not arrive', async () => {
    other.behave({ kind: 'answer', status: 404 });
    alerts.configure([config(), config({ url: other.url, shownUrl: 'https://other/[hidden]' })], new Set());
    expect(await alerts.test()).toEqual([
      { to: `${receiver.url}/[hidden]`, format: 'json', outcome: 'delivered', code: null },
      { to: 'https://other/[hidden]', format: 'json', outcome: 'failed', code: 'http_404' },
    ]);
    expect(messages()).toMatchObject([{ kind: 'test', key: 'test', state: 'firing' }]);
    expect(other.received).toHaveLength(1);
    expect(alerts.list()).toEqual([]);
  });

  it('tries again after 5xx and 429, and not after another 4xx or a redirect', async () => {
    const answers: Behaviour[] = [503, 429, 200, 404, 302].map((status) => ({
      ...{ kind: 'answer', status },
      headers: { location: other.url },
    }));
    receiver.behave(() => answers.shift() ?? ok);
    for (const target of ['a', 'b', 'c', 'd']) alerts.breakerOpened(target, 'r');
    const tries = ['a', 'a', 'a', 'b', 'c', 'd'];
    await told(tries.map((target) => `firing breaker_open:${target}`));
    expect(warnings).toMatchObject([
      { key: 'breaker_open:b', code: 'http_404' },
      { key: 'breaker_open:c', code: 'http_302' },
    ]);
    expect(other.received).toEqual([]);
  });

  it('tells later what could not be delivered and still fires, and logs it without the URL', async () => {
    receiver.behave({ kind: 'answer', status: 500 });
    alerts.watch(async () => []);
    alerts.breakerOpened('app', 'r');
    await waitFor('failure', () => warnings.length === 1);
    expect(receiver.received).toHaveLength(3);
    receiver.behave(ok);
    await clock.advance(LOOK);
    await waitFor('another try', () => receiver.received.length === 4);
    await clock.advance(LOOK);
    expect(warnings).toMatchObject([{ to: `${receiver.url}/[hidden]`, code: 'http_500', key: 'breaker_open:app' }]);
    expect(JSON.stringify(warnings)).not.toContain('secret-path');
    expect(receiver.received).toHaveLength(4);
  });

  it('keeps at most fifty waiting, and drops the newest with a line in the log', async () => {
    receiver.behave({ kind: 'hang' });
    for (let n = 0; n < 60; n += 1) alerts.breakerOpened(`t${n}`, 'r');
    expect(warnings).toHaveLength(9); // one is on its way
    expect(warnings.at(-1)).toMatchObject({ key: 'breaker_open:t59', code: 'too_many_alerts' });
  });

  it('closes in time although the receiver never answers', async () => {
    receiver.behave({ kind: 'hang' });
    alerts.breakerOpened('app', 'r');
    await waitFor('request', () => receiver.received.length === 1);
    const closing = alerts.close(1_000);
    await clock.advance(1_000);
    await closing;
    expect(warnings).toHaveLength(1);
  });
});

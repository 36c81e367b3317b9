import { afterEach, beforeEach, expect, test } from 'vitest';
import { isRecord } from '../support/admin-client.ts';
import { isAcknowledged, postEvent } from '../support/event-client.ts';
import { KEY_HEADER } from '../support/knowledgesdk-event.ts';
import { FAILING, type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

let receiver: Receiver;
let relay: RelayProcess;
beforeEach(async () => {
  receiver = await startReceiver(FAILING);
});
afterEach(async () => {
  await relay.remove();
  await receiver.close();
});

const KEYS = Array.from({ length: 8 }, (_, index) => `event-${index}`);
/** Without a breaker it would be over after 200 ms. */
const RETRY = { attempts: 3, initial: '100ms', factor: 1, max: '100ms', jitter: 0 };

async function shown(): Promise<Record<string, unknown>> {
  const view = await relay.admin.get('/api/v1/targets/app');
  return isRecord(view) ? view : {};
}

const received = (): string[] => receiver.received.map(({ headers }) => String(headers[KEY_HEADER]));

test('a target that is down is left alone, over a restart too, and gets everything once when it is back', async () => {
  const targetOptions = { concurrency: 1, retry: RETRY, breaker: { failures: 3, cooldown: '1h', maxCooldown: '1h' } };
  relay = await RelayProcess.start({ target: receiver.url, targetOptions });
  expect(await relay.admin.metric('hookbay_breaker_state', { target: 'app' })).toBe(0);
  for (const key of KEYS) expect(isAcknowledged(await postEvent(relay.hookUrl, { key }))).toBe(true);
  const open = await waitFor('opening', async () => ((await shown()).state === 'open' ? shown() : false));
  expect(open).toMatchObject({ reason: '3 attempts in a row failed, the last one: The target answered 500' });
  expect(Date.parse(String(open.nextProbeAt)) - Date.parse(String(open.since))).toBe(3_600_000);
  expect(await relay.admin.metric('hookbay_breaker_state', { target: 'app' })).toBe(2);
  expect(await relay.admin.metric('hookbay_breaker_transitions_total', { target: 'app', to: 'open' })).toBe(1);
  const opened = 'breaker opened: nothing is attempted until a probe succeeds';
  expect(relay.program.alarms().filter(({ msg }) => msg === opened)).toMatchObject([{ target: 'app', reason: open.reason }]);
  await waitFor('record on disk', async () => (await relay.stop()).code === 0);

  relay = await relay.startAgain();
  expect(await shown()).toMatchObject({ state: 'open', since: open.since, nextProbeAt: open.nextProbeAt, reason: open.reason });
  expect(await relay.admin.metric('hookbay_breaker_state', { target: 'app' })).toBe(2);
  expect(await relay.admin.metric('hookbay_alerts_firing', { kind: 'breaker_open' })).toBe(1);
  expect(isAcknowledged(await postEvent(relay.hookUrl, { key: 'after the restart' }))).toBe(true);
  // Nothing was spent meanwhile: three attempts in all, and no dead letter.
  expect(receiver.received).toHaveLength(3);
  expect(await relay.admin.counts('app')).toMatchObject({ pending: 9, dead: 0 });

  receiver.behave({ kind: 'answer', status: 200 });
  receiver.received.length = 0;
  await relay.admin.post('/api/v1/targets/app/resume');
  await waitFor('all deliveries', async () => (await relay.admin.counts('app')).delivered === 9);
  expect(received().sort()).toEqual([...KEYS, 'after the restart'].sort());
  expect(await shown()).toMatchObject({ state: 'healthy', nextProbeAt: null });
  await relay.program.record('breaker closed');
  await relay.stop();

  relay = await relay.startAgain();
  expect(await shown()).toMatchObject({ state: 'healthy', since: null });
});

test('limits change by a reload', async () => {
  receiver.behave({ kind: 'answer', status: 200 });
  relay = await RelayProcess.start({ target: receiver.url, targetOptions: { rateLimit: '1/h' } });
  for (const key of KEYS) expect(isAcknowledged(await postEvent(relay.hookUrl, { key }))).toBe(true);
  await waitFor('the one', () => receiver.received.length === 1);
  expect(await shown()).toMatchObject({ rateLimit: '1/h' });
  relay.configure({ targetOptions: { rateLimit: '50/s', inFlight: '1MiB', breaker: 'off' } });
  await relay.admin.post('/api/v1/reload');
  await waitFor('all deliveries', async () => (await relay.admin.counts('app')).delivered === 8);
  expect(received().sort()).toEqual(KEYS);
  expect(await shown()).toMatchObject({ rateLimit: '50/s' });
});

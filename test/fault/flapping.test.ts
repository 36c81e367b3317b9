import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { isAcknowledged, postEvent } from '../support/event-client.ts';
import { KEY_HEADER, ROUTE_PATH, TOKEN } from '../support/knowledgesdk-event.ts';
import { FAILING, ok, type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

// Row 14 at a tenth of its times: one target is down for 1 s of every 2, one of ten is dead, and eight are healthy. The
// flapping one is there twice, with the breaker and without, so that what the breaker does is measured in one run.

const EVERY_MS = 25;
const QUIET_MS = 3_000;
const FLAPPING_MS = 8_000;
const PHASE_MS = 1_000;
const HEALTHY = Array.from({ length: 7 }, (_, index) => `healthy-${index}`);
const RETRY = { attempts: 24, initial: '500ms', factor: 2, max: '4s', jitter: 0 };
const BREAKER = { cooldown: '500ms', maxCooldown: '30s' };

/** From the send to the successful answer of each target, ms, by target and key. */
type Latencies = Map<string, Map<string, number>>;

let relay: RelayProcess;
const receivers: Receiver[] = [];
afterEach(async () => {
  await relay.remove();
  for (const receiver of receivers.splice(0)) await receiver.close();
});

async function receiver(): Promise<Receiver> {
  const started = await startReceiver();
  receivers.push(started);
  return started;
}

function percentile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

test('flapping and dead targets: the healthy ones do not notice, and a breaker makes nothing later', async () => {
  const healthy = await receiver();
  const flapping = await receiver();
  const dead = await receiver();
  const sentAt = new Map<string, number>();
  const latencies: Latencies = new Map();
  const arrived = (url: string, key: string): void => {
    const target = url.slice(1);
    const ofTarget = latencies.get(target) ?? new Map<string, number>();
    latencies.set(target, ofTarget);
    if (ofTarget.has(key)) repeated.push(`${key} to ${target}`);
    ofTarget.set(key, performance.now() - (sentAt.get(key) ?? Number.NaN));
  };
  const repeated: string[] = [];
  const failures = { flapping: 0, unprotected: 0 };
  let isUp = true;
  healthy.behave(({ url, headers }) => {
    arrived(url, String(headers[KEY_HEADER]));
    return ok;
  });
  flapping.behave(({ url, headers }) => {
    if (isUp) arrived(url, String(headers[KEY_HEADER]));
    else failures[url === '/flapping' ? 'flapping' : 'unprotected'] += 1;
    return isUp ? ok : FAILING;
  });

  const at = (from: Receiver, name: string, breaker: unknown = BREAKER) => ({
    [name]: { url: `${from.url}/${name}`, retry: RETRY, breaker },
  });
  const targets = {
    ...Object.assign({}, ...HEALTHY.map((name) => at(healthy, name))),
    ...at(flapping, 'flapping'),
    ...at(flapping, 'unprotected', 'off'),
    ...at(dead, 'dead'),
  };
  const verify = { provider: 'knowledgesdk', token: TOKEN };
  const routes = { knowledgesdk: { path: ROUTE_PATH, verify, deliver: Object.keys(targets) } };
  relay = await RelayProcess.start({ target: healthy.url, config: { targets, routes } });
  const { admin, hookUrl } = relay;

  /** One event every few ms. @returns their keys */
  const send = async (name: string, forMs: number): Promise<string[]> => {
    const keys: string[] = [];
    const posts: Promise<void>[] = [];
    const startedAt = performance.now();
    for (let due = startedAt; due < startedAt + forMs; due += EVERY_MS) {
      await delay(Math.max(0, due - performance.now()));
      isUp = name === 'quiet' || Math.floor((performance.now() - startedAt) / PHASE_MS) % 2 === 1;
      const key = `${name}-${keys.length}`;
      keys.push(key);
      sentAt.set(key, performance.now());
      posts.push(postEvent(hookUrl, { key }).then((answer) => expect(isAcknowledged(answer)).toBe(true)));
    }
    isUp = true;
    await Promise.all(posts);
    return keys;
  };
  const of = (target: string, keys: readonly string[]): number[] =>
    keys.map((key) => latencies.get(target)?.get(key) ?? Number.NaN);

  await send('warm', 1_000);
  const quiet = await send('quiet', QUIET_MS);
  await waitFor('all of the one that will die', async () => (await admin.counts('dead')).delivered === sentAt.size);
  await dead.close();
  receivers.splice(receivers.indexOf(dead), 1);
  const disturbed = await send('disturbed', FLAPPING_MS);
  for (const target of [...HEALTHY, 'flapping', 'unprotected']) {
    await waitFor(`all of ${target}`, async () => (await admin.counts(target)).delivered === sentAt.size);
  }

  expect(repeated).toEqual([]);
  const baseline = percentile(
    HEALTHY.flatMap((name) => of(name, quiet)),
    0.95,
  );
  const beside = percentile(
    HEALTHY.flatMap((name) => of(name, disturbed)),
    0.95,
  );
  // On a machine that does something else as well a few ms are noise.
  expect(beside).toBeLessThan(2 * Math.max(baseline, 15));

  const [withBreaker, without] = [mean(of('flapping', disturbed)), mean(of('unprotected', disturbed))];
  expect(withBreaker).toBeLessThan(1.1 * without);
  expect(failures.flapping).toBeLessThan(failures.unprotected / 2);
  expect(failures.unprotected).toBeGreaterThan(80);

  const view = await admin.get('/api/v1/targets/dead');
  expect(view).toMatchObject({ state: expect.stringMatching(/open/), counts: { pending: disturbed.length } });
  // Ten failures, those that ran beside them, and a few probes: of more than 300 that wait.
  expect(await admin.metric('hookbay_attempts_total', { target: 'dead', outcome: 'retry' })).toBeLessThan(40);
  expect(await admin.counts('dead')).toMatchObject({ dead: 0 });
});

import { afterEach, expect, test } from 'vitest';
import { isAcknowledged, postEvent } from '../support/event-client.ts';
import { KEY_HEADER, ROUTE_PATH, TOKEN } from '../support/knowledgesdk-event.ts';
import { FAILING, ok, type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

// Row 14 without its clock: one target is down again and again, one of ten is dead, and the others are healthy. The
// flapping one is there twice, with the breaker and without. How much later the healthy ones get theirs, and what the
// breaker costs in time, is measured by `npm run bench -- flapping`; here each phase ends with what must have happened.

const ROUNDS = 3;
const EVENTS = 40;
/** What the target without a breaker fails before a phase in which it is down ends. */
const FAILURES = 120;
const HEALTHY = Array.from({ length: 7 }, (_, index) => `healthy-${index}`);
const FLAPPING = ['flapping', 'unprotected'];
const RETRY = { attempts: 100, initial: '200ms', factor: 2, max: '1s', jitter: 0 };
const BREAKER = { cooldown: '500ms', maxCooldown: '1s' };

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

test('flapping and dead targets: the healthy ones do not notice, and a breaker spares attempts and loses nothing', async () => {
  const healthy = await receiver();
  const flapping = await receiver();
  const dead = await receiver();
  /** Of each target, how often it took each key. */
  const taken = new Map<string, Map<string, number>>();
  const take = (url: string, key: string): void => {
    const ofTarget = taken.get(url.slice(1)) ?? new Map<string, number>();
    taken.set(url.slice(1), ofTarget.set(key, (ofTarget.get(key) ?? 0) + 1));
  };
  const failures = { flapping: 0, unprotected: 0 };
  let isUp = true;
  healthy.behave(({ url, headers }) => {
    take(url, String(headers[KEY_HEADER]));
    return ok;
  });
  flapping.behave(({ url, headers }) => {
    if (isUp) take(url, String(headers[KEY_HEADER]));
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
    ...at(dead, 'dead', { ...BREAKER, maxCooldown: '30s' }),
  };
  const verify = { provider: 'knowledgesdk', token: TOKEN };
  const routes = { knowledgesdk: { path: ROUTE_PATH, verify, deliver: Object.keys(targets) } };
  relay = await RelayProcess.start({ target: healthy.url, config: { targets, routes } });
  const { admin, hookUrl } = relay;

  const sent: string[] = [];
  const send = async (name: string): Promise<void> => {
    for (let index = 0; index < EVENTS; index += 1) {
      const key = `${name}-${index}`;
      sent.push(key);
      expect(isAcknowledged(await postEvent(hookUrl, { key }))).toBe(true);
    }
  };
  const allHave = (names: readonly string[]) => () => names.every((name) => taken.get(name)?.size === sent.length);

  await send('quiet');
  await waitFor('all of the one that will die', async () => (await admin.counts('dead')).delivered === EVENTS);
  await dead.close();
  receivers.splice(receivers.indexOf(dead), 1);

  for (let round = 1; round <= ROUNDS; round += 1) {
    isUp = false;
    await send(`down-${round}`);
    // While the others fail, and nothing of theirs can come to an end.
    await waitFor('all of the healthy ones', allHave(HEALTHY));
    await waitFor('failures', () => failures.unprotected >= round * FAILURES);
    isUp = true;
    await send(`up-${round}`);
    await waitFor('all of the flapping ones', allHave([...HEALTHY, ...FLAPPING]), { timeoutMs: 20_000 });
  }

  for (const name of [...HEALTHY, ...FLAPPING]) {
    expect([...(taken.get(name)?.values() ?? [])].filter((count) => count > 1)).toEqual([]);
    await waitFor(`all of ${name} settled`, async () => (await admin.counts(name)).delivered === sent.length);
  }
  for (const target of HEALTHY) expect(await admin.metric('hookbay_attempts_total', { target, outcome: 'retry' })).toBe(0);
  expect(failures.flapping).toBeLessThan(failures.unprotected / 2);

  const view = await admin.get('/api/v1/targets/dead');
  expect(view).toMatchObject({ state: expect.stringMatching(/open/), counts: { pending: sent.length - EVENTS } });
  // Ten failures, those that ran beside them, and a few probes: of more than 200 that wait.
  expect(await admin.metric('hookbay_attempts_total', { target: 'dead', outcome: 'retry' })).toBeLessThan(40);
  expect(await admin.counts('dead')).toMatchObject({ dead: 0 });
});

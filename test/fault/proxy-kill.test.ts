import { afterEach, expect, test } from 'vitest';
import { isAcknowledged, postEvent } from '../support/event-client.ts';
import { KEY_HEADER, ROUTE_PATH, TOKEN } from '../support/knowledgesdk-event.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

let relay: RelayProcess;
let target: Receiver;
afterEach(async () => {
  await relay.remove();
  await target.close();
});

const keysOf = (receiver: Receiver): Set<string> => new Set(receiver.received.map(({ headers }) => String(headers[KEY_HEADER])));

function start(deadline: string): Promise<RelayProcess> {
  const verify = { provider: 'knowledgesdk', token: TOKEN };
  const route = { path: ROUTE_PATH, verify, mode: 'proxy', deadline, deliver: ['app'] };
  const retry = { attempts: 50, initial: '100ms', factor: 1, max: '100ms', jitter: 0 };
  return RelayProcess.start({ target: target.url, targetOptions: { concurrency: 4, retry }, config: { routes: { app: route } } });
}

test('kill -9 while senders wait loses nothing: what was stored is delivered, acknowledged or not', async () => {
  target = await startReceiver({ kind: 'hang' });
  relay = await start('2s');
  const keys = Array.from({ length: 12 }, (_, i) => `early-${i}`);
  const early = await Promise.all(keys.map((key) => postEvent(relay.hookUrl, { key })));
  expect(early.every(isAcknowledged)).toBe(true);
  const late = Array.from({ length: 12 }, (_, i) => `late-${i}`);
  const answers = Promise.all(late.map((key) => postEvent(relay.hookUrl, { key })));
  await waitFor('everything on disk', async () => (await relay.admin.counts('app')).pending === 24);
  await relay.kill();
  expect((await answers).filter(isAcknowledged).length).toBeLessThan(24);

  target.received.length = 0;
  target.behave({ kind: 'answer', status: 200, body: 'from the target' });
  relay = await relay.startAgain();
  await waitFor('all deliveries', async () => (await relay.admin.counts('app')).delivered === 24);
  expect(keysOf(target)).toEqual(new Set([...keys, ...late]));
  // The senders that got no answer come again, and nothing is delivered twice for it.
  const again = await Promise.all(late.map((key) => postEvent(relay.hookUrl, { key })));
  expect(again.map((answer) => JSON.parse(answer?.body ?? '{}').status)).toEqual(late.map(() => 'duplicate'));
  expect(target.received.length).toBe(24);
});

test('kill -9 between answers: every answer that was passed back belongs to an event that is there', async () => {
  target = await startReceiver({ kind: 'answer', status: 200, body: 'from the target' });
  relay = await start('5s');
  const passedBack = new Set<string>();
  const stream = async (client: number): Promise<void> => {
    for (let i = 0; ; i += 1) {
      const answer = await postEvent(relay.hookUrl, { key: `${client}-${i}` });
      if (answer === null) return;
      if (answer.body === 'from the target') passedBack.add(`${client}-${i}`);
    }
  };
  const clients = Array.from({ length: 8 }, (_, client) => stream(client));
  await waitFor('some answers', () => passedBack.size > 100);
  await relay.kill();
  await Promise.all(clients);

  relay = await relay.startAgain();
  await waitFor('no backlog', async () => (await relay.admin.counts('app')).pending === 0);
  const stored = new Map<string, Partial<Record<string, number>>>();
  for await (const { dedupKey, statuses } of relay.admin.events()) stored.set(dedupKey ?? '', statuses);
  expect([...passedBack].filter((key) => stored.get(key)?.delivered !== 1)).toEqual([]);
  expect([...passedBack].filter((key) => !keysOf(target).has(key))).toEqual([]);
});

import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { postEvent } from '../support/event-client.ts';
import { ROUTE_PATH, TOKEN, TOKEN_HEADER } from '../support/knowledgesdk-event.ts';
import { openSocket } from '../support/raw-http.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

const CLIENTS = 400;
const START = `POST ${ROUTE_PATH} HTTP/1.1\r\nHost: relay\r\n${TOKEN_HEADER}: ${TOKEN}\r\n`;
const SLOW_HEAD = { start: START, drip: 'x-slow: 1\r\n' };
const SLOW_BODY = { start: `${START}Content-Length: 4096\r\n\r\n`, drip: '{' };

let relay: RelayProcess;
afterEach(() => relay.remove());

function openSlow(url: string, { start, drip }: typeof SLOW_HEAD): Socket {
  const socket = openSocket(url);
  socket.resume();
  socket.once('connect', () => socket.write(start));
  const timer = setInterval(() => socket.write(drip), 1_000);
  socket.once('close', () => clearInterval(timer));
  return socket;
}

test('slow clients are dropped within 10 s and others are served meanwhile', { timeout: 30_000 }, async () => {
  relay = await RelayProcess.start({ target: 'http://127.0.0.1:9/hooks' });
  const { publicUrl, hookUrl, admin } = relay;
  const sockets = Array.from({ length: CLIENTS }, (_, index) => openSlow(publicUrl, index % 2 === 0 ? SLOW_HEAD : SLOW_BODY));
  const startedAt = performance.now();
  let open = CLIENTS;
  for (const socket of sockets) socket.once('close', () => (open -= 1));

  let served = 0;
  await waitFor(
    'drop of all slow clients',
    async () => {
      expect((await postEvent(hookUrl, { key: `prompt-${served}` }))?.status).toBe(200);
      served += 1;
      return open === 0;
    },
    { timeoutMs: 15_000, everyMs: 100 },
  );
  expect(performance.now() - startedAt).toBeLessThan(10_500);
  let stored = 0;
  for await (const event of admin.events()) stored += event.dedupKey?.startsWith('prompt-') ? 1 : 1_000;
  expect(stored).toBe(served);
});

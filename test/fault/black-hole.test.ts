import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { isRecord } from '../support/admin-client.ts';
import { isAcknowledged, postEvent } from '../support/event-client.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

const TIMEOUT_MS = 1_000;

/** What a target does with a connection after it has accepted it. */
const behaviours: Record<string, (socket: Socket) => void> = {
  'never answers': () => undefined,
  'drips its head, one byte per 200 ms': (socket) =>
    drip(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-padding: '.padEnd(400, 'x')),
  'drips its body, one byte per 200 ms': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\n');
    drip(socket, ''.padEnd(400, 'x'));
  },
};

function drip(socket: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => socket.write(text[at++] ?? ''), 200);
  socket.once('close', () => clearInterval(timer));
}

const sockets = new Set<Socket>();
let target: Server;
let relay: RelayProcess;
afterEach(async () => {
  await relay.remove();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => target.close(resolve));
});

test.each(Object.keys(behaviours))(
  'a target that %s: the attempt ends by its deadline and heals at the next try',
  async (name) => {
    let isHealed = false;
    target = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('data', () => {
        if (isHealed) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
        else behaviours[name]?.(socket);
      });
    });
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    const address = target.address();
    const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/hooks`;
    const retry = { attempts: 50, initial: '100ms', factor: 1, max: '100ms', jitter: 0 };
    relay = await RelayProcess.start({ target: url, targetOptions: { timeout: `${TIMEOUT_MS}ms`, retry } });
    const { admin, hookUrl } = relay;

    expect(isAcknowledged(await postEvent(hookUrl, { key: 'into-the-dark' }))).toBe(true);
    const first = await waitFor('first attempt in the history', async () => (await historyOfOnly(admin))[0]);
    expect(first.durationMs).toBeGreaterThanOrEqual(TIMEOUT_MS * 0.9);
    expect(first.durationMs).toBeLessThan(TIMEOUT_MS + 1_000);
    isHealed = true;
    await waitFor('delivery', async () => (await admin.counts('app')).delivered === 1);
  },
);

/** The attempts of the one delivery that there is, oldest first. */
async function historyOfOnly(admin: RelayProcess['admin']): Promise<{ durationMs: number }[]> {
  const page = await admin.get('/api/v1/deliveries');
  const [delivery] = isRecord(page) && Array.isArray(page.data) ? page.data : [];
  if (!isRecord(delivery)) return [];
  const detail = await admin.get(`/api/v1/deliveries/${delivery.id}`);
  const history = isRecord(detail) && Array.isArray(detail.history) ? detail.history : [];
  return history.filter(isRecord).map(({ durationMs }) => ({ durationMs: Number(durationMs) }));
}

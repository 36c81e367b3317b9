import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { postEvent } from '../support/event-client.ts';
import { openSocket } from '../support/raw-http.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { waitFor } from '../support/wait.ts';

const DESCRIPTORS = 64;
const CONNECTIONS = 200;

let relay: RelayProcess;
afterEach(() => relay.remove());

test.skipIf(process.platform === 'win32')(
  'out of file descriptors it neither crashes nor stays deaf',
  { timeout: 30_000 },
  async () => {
    const wrapper = ['sh', '-c', `ulimit -n ${DESCRIPTORS}; exec "$@"`, 'sh'];
    relay = await RelayProcess.start({ target: 'http://127.0.0.1:9/hooks', wrapper });
    const { publicUrl, hookUrl, program } = relay;
    const sockets = Array.from({ length: CONNECTIONS }, () => openSocket(publicUrl));
    await Promise.all(sockets.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])));
    // Proof that the limit bites: with a connection for everyone there would be an answer.
    expect(await postEvent(hookUrl, { key: 'while-exhausted', timeoutMs: 500 })).toBeNull();

    for (const socket of sockets) socket.destroy();
    const isServing = async (): Promise<boolean> => (await postEvent(hookUrl, { key: 'after', timeoutMs: 900 }))?.status === 200;
    await waitFor('service after release', isServing, { timeoutMs: 1_000 });
    expect(program.exit).toBeNull();
  },
);

import { createServer, type Server, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAcknowledged, postEvent } from '../support/event-client.ts';
import { eventHeaders, ROUTE_PATH, TOKEN, TOKEN_HEADER } from '../support/knowledgesdk-event.ts';
import { openSocket, sendRaw } from '../support/raw-http.ts';
import { RelayProcess } from '../support/relay-process.ts';
import { SHIPPED_FLAGS } from '../support/shipped-flags.ts';
import { waitFor } from '../support/wait.ts';

const MIB = 2 ** 20;
const ZEROS = Buffer.alloc(64 * 1024);
const GROWTH_MIB = 20;
const HEAD = `POST ${ROUTE_PATH} HTTP/1.1\r\nHost: relay\r\n${TOKEN_HEADER}: ${TOKEN}\r\n`;

/** 200 MB of zeros as about 200 KB of gzip. */
const BOMB = gzipSync(Buffer.alloc(200 * MIB));

let answerAs: (response: ServerResponse) => void = (response) => response.end();
let received: { encoding: string | undefined; size: number } | null = null;
let target: Server;
let relay: RelayProcess;

beforeAll(async () => {
  target = createServer((request, response) => {
    let size = 0;
    request.on('data', (chunk: Buffer) => (size += chunk.length));
    request.on('end', () => {
      received = { encoding: request.headers['content-encoding'], size };
      answerAs(response);
    });
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  const address = target.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const retry = { attempts: 2, initial: '100ms', factor: 1, max: '100ms', jitter: 0 };
  const config = { limits: { body: '1MiB' } }; // what is below the limit may be held in memory
  relay = await RelayProcess.start({
    nodeFlags: SHIPPED_FLAGS,
    target: `http://127.0.0.1:${port}/hooks`,
    targetOptions: { timeout: '2s', retry },
    config,
  });
  for (let i = 0; i < 200; i += 1) await postEvent(relay.hookUrl, { key: `warm-up-${i}` });
}, 60_000);
afterAll(async () => {
  await relay.remove();
  target.closeAllConnections();
  target.close();
});

async function expectLittleGrowth(act: () => Promise<void>): Promise<void> {
  const before = relay.program.residentMiB();
  await act();
  expect(relay.program.peakResidentMiB() - before).toBeLessThan(GROWTH_MIB);
}

/** Writes frames until the relay closes the connection. @returns its answer */
async function pour(head: string, frame: Buffer): Promise<string> {
  const socket = openSocket(relay.publicUrl);
  let answer = '';
  socket.on('data', (data: Buffer) => (answer += data.toString('latin1')));
  socket.write(head);
  const more = (): void => {
    while (!socket.destroyed) if (!socket.write(frame)) return;
  };
  socket.on('drain', more);
  socket.once('connect', more);
  await waitFor('end of the connection', () => socket.destroyed);
  return answer;
}

test('a body announced as 200 MB is refused before it is read', async () => {
  await expectLittleGrowth(async () => {
    const answer = await sendRaw(relay.publicUrl, `${HEAD}Content-Length: ${200 * MIB}\r\n\r\n`);
    expect(answer).toMatchObject({ status: 413, isClosed: true });
  });
});

test('a chunked body without an end is cut off at the limit', async () => {
  const chunk = Buffer.concat([Buffer.from(`${ZEROS.length.toString(16)}\r\n`), ZEROS, Buffer.from('\r\n')]);
  await expectLittleGrowth(async () => {
    const answer = await pour(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, chunk);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });
});

test('17 KB of headers are 431', async () => {
  const answer = await sendRaw(relay.publicUrl, `${HEAD}X-Padding: ${'x'.repeat(17 * 1024)}\r\nContent-Length: 0\r\n\r\n`);
  expect(answer).toMatchObject({ status: 431, isClosed: true });
});

test('a gzip bomb passes through as it is', async () => {
  await expectLittleGrowth(async () => {
    received = null;
    const headers = { ...eventHeaders('bomb-in'), 'content-encoding': 'gzip' };
    const answer = await fetch(relay.hookUrl, { method: 'POST', headers, body: new Uint8Array(BOMB) });
    expect(answer.status).toBe(200);
    expect(await waitFor('delivery', () => received)).toEqual({ encoding: 'gzip', size: BOMB.length });
  });
});

function writeForEver(response: ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write(ZEROS));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}

const answers: Record<string, (response: ServerResponse) => void> = {
  'a gzip bomb': (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(BOMB),
  'a body without an end': (response) => writeForEver(response.writeHead(200)),
};

test.each(Object.keys(answers))('a target that answers with %s does not fill the memory', async (name) => {
  answerAs = answers[name] ?? answerAs;
  const settledBefore = await settled();
  await expectLittleGrowth(async () => {
    expect(isAcknowledged(await postEvent(relay.hookUrl, { key: name }))).toBe(true);
    await waitFor('end of the delivery', async () => (await settled()) === settledBefore + 1);
  });
});

async function settled(): Promise<number> {
  const { delivered, dead } = await relay.admin.counts('app');
  return delivered + dead;
}

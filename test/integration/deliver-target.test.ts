import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { ANSWER_LIMIT } from '../../src/deliver/attempt.ts';
import type { Attempt } from '../../src/domain/attempt.ts';
import { type DispatchBench, openDispatch, steadyRetry, targetOf } from '../support/dispatch.ts';
import { type Behaviour, type Receiver, startReceiver } from '../support/receiver.ts';
import { waitFor } from '../support/wait.ts';

const SHORT = 300;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function receiver(behaviour?: Behaviour): Promise<Receiver> {
  const started = await startReceiver(behaviour);
  closing.push(() => started.close());
  return started;
}

function dispatch(...targets: Parameters<typeof openDispatch>[0]): DispatchBench {
  const bench = openDispatch(targets);
  closing.push(() => bench.dispatcher.stop({ graceMs: 0 }));
  bench.dispatcher.start();
  return bench;
}

/** Delivers one event and waits for the attempt's record. */
async function attemptOn(
  url: string,
  changes: Parameters<typeof targetOf>[2] = {},
): Promise<{ attempt: Attempt; bench: DispatchBench }> {
  const bench = dispatch(targetOf('app', url, changes));
  const id = bench.add('app');
  bench.dispatcher.wake('app');
  const attempt = await waitFor('attempt', () => bench.queue.row(id).history[0]);
  return { attempt, bench };
}

/** A listener whose process never accepts: once its backlog is full, the kernel drops every further SYN. */
async function deafListener(): Promise<string> {
  const deaf = `const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;
  const child = spawn(process.execPath, ['-e', deaf], { stdio: ['ignore', 'pipe', 'inherit'] });
  closing.push(async () => child.kill('SIGKILL'));
  const [port] = await once(child.stdout, 'data');
  const waiting = Array.from({ length: 4 }, () => connect(Number(port), '127.0.0.1').on('error', () => {}));
  closing.push(async () => {
    for (const socket of waiting) socket.destroy();
  });
  await waitFor('full backlog', () => waiting.filter((socket) => !socket.connecting).length >= 2);
  return `http://127.0.0.1:${port}`;
}

describe('what the target gets', () => {
  test('method, path, both queries, body and credentials', async () => {
    const app = await receiver();
    const url = new URL(`${app.url}/hooks/in?key=1`);
    url.username = 'user name';
    url.password = 'p:w%';
    const bench = dispatch(targetOf('app', url.href));
    const body = Buffer.from([0, 255, 13, 10, 195]);
    const id = bench.add('app', {
      method: 'PUT',
      query: 'a=%20&a=2',
      body,
      headers: [
        ['Content-Type', 'x/y'],
        ['X-Odd', 'caf\u00e9'],
      ],
    });
    bench.dispatcher.wake('app');
    await waitFor('delivery', () => bench.status(id) === 'delivered');
    const [request] = app.received;
    expect(request).toMatchObject({ method: 'PUT', url: '/hooks/in?key=1&a=%20&a=2' });
    expect(request?.body.equals(body)).toBe(true);
    expect(request?.headers).toMatchObject({
      host: new URL(app.url).host,
      authorization: `Basic ${Buffer.from('user name:p:w%').toString('base64')}`,
      'content-length': '5',
      'content-type': 'x/y',
      'x-odd': 'caf\u00e9',
      'hookbay-delivery-id': id,
      'hookbay-attempt': '1',
      via: '1.1 hookbay',
      'x-forwarded-proto': 'https',
    });
    expect(JSON.stringify(bench.lines)).not.toContain('p:w');
  });

  test.each(['GET', 'HEAD', 'DELETE'])('%s without a body', async (method) => {
    const app = await receiver();
    const bench = dispatch(targetOf('app', app.url));
    const id = bench.add('app', { method, query: 'challenge=1', body: Buffer.alloc(0) });
    bench.dispatcher.wake('app');
    await waitFor('delivery', () => bench.status(id) === 'delivered');
    expect(app.received[0]).toMatchObject({ method, url: '/?challenge=1', body: Buffer.alloc(0) });
  });

  test('a request that cannot be sent is a dead letter at once, and the target is not to blame', async () => {
    const app = await receiver();
    const bench = dispatch(targetOf('app', app.url));
    const id = bench.add('app', { query: 'a b' });
    bench.dispatcher.wake('app');
    await waitFor('end', () => bench.status(id) === 'dead');
    expect(bench.queue.row(id).state.reason).toBe('request_invalid');
    expect(bench.dispatcher.view('app')?.state).toBe('healthy');
  });

  test('an event that comes round again and again is a dead letter', async () => {
    const app = await receiver();
    const bench = dispatch(targetOf('app', app.url));
    const id = bench.add('app', { headers: [['Via', Array.from({ length: 6 }, () => '1.1 hookbay').join(', ')]] });
    bench.dispatcher.wake('app');
    await waitFor('end', () => bench.status(id) === 'dead');
    expect(bench.queue.row(id).state.reason).toBe('loop');
    expect(app.received).toEqual([]);
  });
});

describe('what comes back', () => {
  test('status, headers and the start of the body are kept', async () => {
    const body = `${'x'.repeat(4095)}\u00e9 and more`;
    const app = await receiver({ kind: 'answer', status: 202, headers: { 'x-answer': 'yes' }, body });
    const { attempt } = await attemptOn(app.url);
    expect(attempt).toMatchObject({ number: 1, trigger: 'initial', outcome: 'delivered', statusCode: 202, error: null });
    expect(attempt.response?.headers).toContainEqual(['x-answer', 'yes']);
    expect(attempt.response?.body).toBe(`${'x'.repeat(4095)}\ufffd`);
    expect(attempt.response?.truncated).toBe(true);
  });

  test('headers are kept to 4 KiB', async () => {
    const app = await receiver({ kind: 'answer', status: 200, headers: { 'x-long': 'y'.repeat(5000), 'x-next': 'z' } });
    const { attempt } = await attemptOn(app.url);
    expect(JSON.stringify(attempt.response?.headers).length).toBeLessThan(4096);
  });

  test('a redirect is a failure and is not followed', async () => {
    const elsewhere = await receiver();
    const app = await receiver({ kind: 'answer', status: 307, headers: { location: `${elsewhere.url}/` } });
    const { attempt } = await attemptOn(app.url);
    expect(attempt).toMatchObject({ outcome: 'retry', statusCode: 307, error: { code: 'redirect' } });
    expect(elsewhere.received).toEqual([]);
  });

  test('410 is retried like any other status', async () => {
    const app = await receiver({ kind: 'answer', status: 410, body: 'gone' });
    const { attempt, bench } = await attemptOn(app.url);
    expect(attempt).toMatchObject({ outcome: 'retry', error: { code: 'target_status', message: 'The target answered 410' } });
    expect(bench.observed).toEqual(['app retry 410']);
    expect(bench.lines).toContainEqual(expect.objectContaining({ level: 'info', message: 'attempt failed' }));
  });

  test.each([
    ['seconds', '30'],
    ['a date', new Date(Date.now() + 30_000).toUTCString()],
  ])('429 with Retry-After in %s: this delivery and the target wait', async (_, retryAfter) => {
    const app = await receiver({ kind: 'answer', status: 429, headers: { 'retry-after': retryAfter } });
    const { attempt, bench } = await attemptOn(app.url);
    expect(attempt.outcome).toBe('retry');
    const [row] = bench.queue.rows();
    const waits = (row?.state.dueAt ?? 0) - Date.now();
    expect(waits).toBeGreaterThan(25_000);
    expect(waits).toBeLessThanOrEqual(30_000);
    expect(bench.hand('app')).toBeNull();
    bench.add('app');
    bench.dispatcher.wake('app');
    expect(bench.dispatcher.view('app')).toMatchObject({ inFlight: 0, state: 'retrying', lastError: { code: 'target_status' } });
  });
});

describe('faults of the target', () => {
  test('a black hole ends by the deadline, and the next try heals it', async () => {
    const app = await receiver({ kind: 'hang' });
    const retry = steadyRetry(3);
    const { attempt, bench } = await attemptOn(app.url, { retry, timeoutMs: SHORT });
    expect(attempt).toMatchObject({ outcome: 'retry', statusCode: null, error: { code: 'timeout' }, response: null });
    expect(attempt.durationMs).toBeGreaterThanOrEqual(SHORT - 5);
    expect(attempt.durationMs).toBeLessThan(SHORT + 1000);
    app.behave({ kind: 'answer', status: 200 });
    await waitFor('delivery', () => bench.queue.rows()[0]?.state.status === 'delivered');
    expect(bench.messages()).toEqual(expect.arrayContaining(['target fails', 'target works again']));
  });

  test('packets that are dropped: the deadline holds while connecting, too', async () => {
    const { attempt } = await attemptOn(await deafListener(), { timeoutMs: SHORT });
    expect(attempt).toMatchObject({ outcome: 'retry', error: { code: 'timeout' } });
    expect(attempt.durationMs).toBeLessThan(SHORT + 1000);
  });

  test('a drip is cut at the deadline, though its status was 200', async () => {
    const app = await receiver({ kind: 'drip', status: 200, everyMs: 20 });
    const { attempt } = await attemptOn(app.url, { timeoutMs: SHORT });
    expect(attempt).toMatchObject({ outcome: 'retry', statusCode: 200, error: { code: 'timeout' } });
    expect(attempt.response?.body).toMatch(/^\.+$/);
    await waitFor('closed connection', async () => (await app.connections()) === 0);
  });

  test.each([
    [200, 'delivered'],
    [500, 'retry'],
  ] as const)('an answer without an end is cut, and its status %i decides', async (status, outcome) => {
    const app = await receiver({ kind: 'endless', status });
    const { attempt } = await attemptOn(app.url);
    expect(attempt).toMatchObject({ outcome, statusCode: status });
    expect(attempt.response).toMatchObject({ truncated: true, body: 'x'.repeat(4096) });
    await waitFor('closed connection', async () => (await app.connections()) === 0);
  });

  test('an answer just within the limit keeps its connection', async () => {
    const app = await receiver({ kind: 'answer', status: 200, body: Buffer.alloc(ANSWER_LIMIT, 'x') });
    const { attempt } = await attemptOn(app.url);
    expect(attempt.outcome).toBe('delivered');
    expect(await app.connections()).toBe(1);
  });

  test.each([
    ['before-head', null],
    ['in-body', 200],
  ] as const)('a reset %s is an error', async (when, statusCode) => {
    const app = await receiver({ kind: 'reset', when });
    const { attempt } = await attemptOn(app.url);
    expect(attempt).toMatchObject({ outcome: 'retry', statusCode, error: { code: 'connection_reset' } });
  });

  test('an answer that is cut short is an error', async () => {
    const app = await receiver({ kind: 'raw', bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf' });
    const { attempt } = await attemptOn(app.url);
    expect(attempt).toMatchObject({
      outcome: 'retry',
      error: { code: expect.stringMatching(/connection_reset|response_malformed/) },
    });
  });

  test('an answer that is not HTTP', async () => {
    const app = await receiver({ kind: 'raw', bytes: 'SSH-2.0-OpenSSH_9.9\r\n' });
    const { attempt } = await attemptOn(app.url);
    expect(attempt).toMatchObject({ outcome: 'retry', error: { code: 'response_malformed' } });
  });

  test('a port where nobody listens, with credentials that nobody may see', async () => {
    const gone = await startReceiver();
    await gone.close();
    const { attempt, bench } = await attemptOn(gone.url.replace('http://', 'http://user:secret@'));
    expect(attempt.error).toEqual({ code: 'connection_refused', message: 'The target refused the connection (ECONNREFUSED)' });
    expect(JSON.stringify(bench.lines)).not.toContain('secret');
  });

  test('speaking TLS to a plain port', async () => {
    const app = await receiver();
    const { attempt } = await attemptOn(app.url.replace('http:', 'https:'));
    expect(attempt.error?.code).toBe('tls_failed');
  });
});

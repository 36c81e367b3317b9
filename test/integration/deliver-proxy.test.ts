import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.ts';
import { steadyRetry } from '../support/dispatch.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { type SecureReceiver, startSecureReceiver } from '../support/secure-receiver.ts';
import { keyPair, openTarget, type TargetBench } from '../support/targets.ts';
import { waitFor } from '../support/wait.ts';

const SHORT = 300;
const PASSWORD = 'CANARY p:w%';
const server = keyPair('localhost');

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function plainTarget(): Promise<Receiver> {
  const started = await startReceiver();
  closing.push(() => started.close());
  return started;
}

async function secureTarget(http2 = false): Promise<SecureReceiver> {
  const started = await startSecureReceiver({ ...server, http2 });
  closing.push(() => started.close());
  return started;
}

async function startProxy(credentials: string | null = null): Promise<ConnectProxy> {
  const started = await startConnectProxy(credentials);
  closing.push(() => started.close());
  return started;
}

function authority(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hookbay-proxy-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'ca.pem'), server.cert);
  return join(folder, 'ca.pem');
}

function through(url: string, proxy: string, changes: Parameters<typeof openTarget>[1] = {}): TargetBench {
  const tls = url.startsWith('https:') ? { caFile: authority(), client: null, serverName: null } : null;
  const bench = openTarget(url, { ...changes, outgoing: { proxy, tls, ...changes.outgoing } });
  closing.push(() => bench.dispatcher.stop({ graceMs: 0 }));
  return bench;
}

const urlOf = ({ port }: ConnectProxy, credentials = ''): string => `http://${credentials}127.0.0.1:${port}`;

/** Fields that are there twice must not become one. */
const TWICE: [string, string][] = [
  ['X-Twice', 'first'],
  ['x-other', 'between'],
  ['X-Twice', 'second'],
];

function spelled(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1] === name);
}

describe('an https target', () => {
  test('is reached through a tunnel, with everything that it would get directly', async () => {
    const [app, proxy] = [await secureTarget(), await startProxy(`user:${PASSWORD}`)];
    const bench = through(`${app.url}/in?a=1`, urlOf(proxy, `user:${encodeURIComponent(PASSWORD)}@`));
    expect(await bench.attempt({ headers: TWICE, query: 'b=2' })).toMatchObject({ outcome: 'delivered', error: null });
    expect(proxy.asked).toEqual([`CONNECT localhost:${app.port}`]);
    expect(app.received).toMatchObject([{ method: 'POST', url: '/in?a=1&b=2' }]);
    const [request] = app.received;
    expect(spelled(request?.rawHeaders ?? [], 'X-Twice')).toEqual(['first', 'second']);
    expect(request?.headers.host).toBe(`localhost:${app.port}`);
    expect(request?.headers).not.toHaveProperty('proxy-authorization');
  });

  test('keeps its tunnel for the next attempt', async () => {
    const [app, proxy] = [await secureTarget(), await startProxy()];
    const bench = through(app.url, urlOf(proxy), { timeoutMs: SHORT });
    await bench.attempt();
    const began = performance.now();
    // Past the time for making a tunnel, which must not end one that has been made.
    await waitFor('time', () => performance.now() - began > SHORT * 1.5);
    expect(await bench.attempt()).toMatchObject({ outcome: 'delivered' });
    expect(proxy.asked).toHaveLength(1);
  });

  test('speaks HTTP/2 through it', async () => {
    const [app, proxy] = [await secureTarget(true), await startProxy()];
    const bench = through(app.url, urlOf(proxy), { outgoing: { http2: true } });
    expect(await bench.attempt()).toMatchObject({ outcome: 'delivered' });
    expect(app.received).toMatchObject([{ version: '2.0' }]);
  });

  test('and its certificate is still checked', async () => {
    const [app, proxy] = [await secureTarget(), await startProxy()];
    const bench = through(app.url, urlOf(proxy), { outgoing: { tls: null } });
    expect((await bench.attempt()).error?.code).toBe('tls_failed');
    expect(app.received).toEqual([]);
  });
});

describe('an http target', () => {
  test('is asked for by its whole URL', async () => {
    const [app, proxy] = [await plainTarget(), await startProxy('user:secret-word')];
    const bench = through(`${app.url}/in`, urlOf(proxy, 'user:secret-word@'));
    expect(await bench.attempt({ headers: TWICE, query: 'b=2' })).toMatchObject({ outcome: 'delivered', error: null });
    expect(proxy.asked).toEqual([`POST ${app.url}/in?b=2`]);
    expect(app.received).toMatchObject([{ method: 'POST', url: '/in?b=2', headers: { host: new URL(app.url).host } }]);
  });
});

describe.each(['https', 'http'])('to an %s target, a proxy that', (scheme) => {
  const target = (): Promise<{ url: string }> => (scheme === 'https' ? secureTarget() : plainTarget());

  test('wants other credentials', async () => {
    const [app, proxy] = [await target(), await startProxy('user:right')];
    const { outcome, error } = await through(app.url, urlOf(proxy, 'user:wrong-CANARY@')).attempt();
    expect({ outcome, error }).toEqual({
      outcome: 'retry',
      error: { code: 'proxy_failed', message: 'No way through the proxy: it wants credentials, or other ones (407)' },
    });
  });

  test('is not there', async () => {
    const app = await target();
    const gone = await startConnectProxy();
    await gone.close();
    const bench = through(app.url, urlOf(gone, 'user:CANARY@'));
    expect((await bench.attempt()).error).toEqual({
      code: 'proxy_failed',
      message: 'No way through the proxy: it refuses connections (ECONNREFUSED)',
    });
    expect(JSON.stringify(bench.lines)).not.toContain('CANARY');
  });

  test('never answers: the deadline holds, and the next try heals', async () => {
    const [app, proxy] = [await target(), await startProxy()];
    proxy.behave({ kind: 'hang' });
    const retry = steadyRetry(100);
    const bench = through(app.url, urlOf(proxy), { timeoutMs: SHORT, retry });
    const { error, durationMs } = await bench.attempt();
    expect(error?.code).toBe('timeout');
    expect(durationMs).toBeLessThan(SHORT + 1000);
    proxy.behave({ kind: 'pass' });
    await waitFor('delivery', () => bench.queue.rows()[0]?.state.status === 'delivered');
  });
});

test('a tunnel that is refused is told from a target that refuses', async () => {
  const [app, proxy] = [await secureTarget(), await startProxy()];
  proxy.behave({ kind: 'refuse', status: 403 });
  const bench = through(app.url, urlOf(proxy));
  expect((await bench.attempt()).error).toEqual({
    code: 'proxy_failed',
    message: 'No way through the proxy: it does not let this target through, or cannot reach it (403)',
  });
  proxy.behave({ kind: 'drop' });
  expect((await bench.attempt()).error).toMatchObject({ code: 'proxy_failed' });
  proxy.behave({ kind: 'pass' });
  expect(await bench.attempt()).toMatchObject({ outcome: 'delivered' });
});

test('a proxy that accepts and never answers does not keep the relay from stopping', async () => {
  const silent = createServer();
  const connections = new Set<{ destroyed: boolean }>();
  silent.on('connection', (socket) => {
    socket.on('error', () => {}).resume();
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => silent.close(resolve)));
  const address = silent.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const bench = through('https://localhost:1', `http://127.0.0.1:${port}`);
  bench.add('app');
  bench.dispatcher.wake('app');
  await waitFor('connection', () => connections.size === 1);
  expect(await bench.dispatcher.stop({ graceMs: 0 })).toMatchObject({ interrupted: 1 });
  await waitFor('closed connection', () => connections.size === 0);
});

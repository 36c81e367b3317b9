import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ANSWER_LIMIT } from '../../src/deliver/attempt.ts';
import type { AwaitedResult } from '../../src/domain/target-answer.ts';
import { steadyRetry } from '../support/dispatch.ts';
import { type SecureReceiver, startSecureReceiver } from '../support/secure-receiver.ts';
import { keyPair, openTarget, type TargetBench } from '../support/targets.ts';
import { waitFor } from '../support/wait.ts';
import { startWire, type Wire } from '../support/wire.ts';

const SHORT = 300;
const server = keyPair('localhost');
const AT_ONCE = steadyRetry(100);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function receiver(http2 = true): Promise<SecureReceiver> {
  const started = await startSecureReceiver({ ...server, http2 });
  closing.push(() => started.close());
  return started;
}

async function wire({ port }: SecureReceiver): Promise<Wire> {
  const started = await startWire(port);
  closing.push(() => started.close());
  return started;
}

function target(url: string, changes: Parameters<typeof openTarget>[1] = {}): TargetBench {
  const folder = mkdtempSync(join(tmpdir(), 'hookbay-h2-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'ca.pem'), server.cert);
  const tls = { caFile: join(folder, 'ca.pem'), client: null, serverName: null };
  const bench = openTarget(url, { ...changes, outgoing: { http2: true, tls, ...changes.outgoing } });
  closing.push(() => bench.dispatcher.stop({ graceMs: 0 }));
  return bench;
}

describe('HTTP/2', () => {
  test('carries the same request', async () => {
    const app = await receiver();
    const body = Buffer.from([0, 255, 13, 10, 195]);
    const headers: [string, string][] = [
      ['Content-Type', 'x/y'],
      ['X-Odd', 'caf\u00e9'],
      ['X-Twice', '1'],
      ['x-twice', '2'],
      ['Connection', 'Upgrade, HTTP2-Settings'],
      ['Upgrade', 'h2c'],
      ['HTTP2-Settings', 'AAMAAABkAARAAAAAAAIAAAAA'],
    ];
    const url = new URL(`${app.url}/in?a=1`);
    url.username = 'user';
    const bench = target(url.href);
    const attempt = await bench.attempt({ method: 'PUT', query: 'b=2', body, headers });
    expect(attempt).toMatchObject({ outcome: 'delivered', statusCode: 200, error: null, response: { body: 'ok' } });
    const [request] = app.received;
    expect(request).toMatchObject({ version: '2.0', method: 'PUT', url: '/in?a=1&b=2' });
    expect(request?.body.equals(body)).toBe(true);
    expect(request?.headers).toMatchObject({
      ':authority': `localhost:${app.port}`,
      authorization: `Basic ${Buffer.from('user:').toString('base64')}`,
      'content-length': '5',
      'content-type': 'x/y',
      'x-odd': 'caf\u00e9',
      'x-twice': '1, 2',
      'hookbay-attempt': '1',
      via: '1.1 hookbay',
    });
  });

  test.each(['GET', 'HEAD', 'DELETE'])('%s without a body', async (method) => {
    const app = await receiver();
    const attempt = await target(app.url).attempt({ method, body: Buffer.alloc(0) });
    expect(attempt).toMatchObject({ outcome: 'delivered' });
    expect(app.received).toMatchObject([{ method, body: Buffer.alloc(0) }]);
  });

  test('many attempts share a connection', async () => {
    const app = await receiver();
    const bench = target(app.url, { concurrency: 50 });
    const ids = Array.from({ length: 200 }, () => bench.add('app'));
    bench.dispatcher.wake('app');
    await waitFor('deliveries', () => ids.every((id) => bench.status(id) === 'delivered'));
    expect(app.received).toHaveLength(200);
    expect(app.accepted()).toBe(1);
  });

  test('a target that does not offer it gets HTTP/1.1', async () => {
    const app = await receiver(false);
    expect(await target(app.url).attempt()).toMatchObject({ outcome: 'delivered' });
    expect(app.received).toMatchObject([{ version: '1.1' }]);
  });

  test('without `http2` it is not offered', async () => {
    const app = await receiver();
    const { outcome, error } = await target(app.url, { outgoing: { http2: false } }).attempt();
    expect({ outcome, code: error?.code }).toEqual({ outcome: 'retry', code: 'tls_failed' });
    expect(error?.message).toMatch(/HTTP\/1\.1/);
  });

  test('a sender who waits gets the whole answer', async () => {
    const app = await receiver();
    app.behave({ kind: 'answer', status: 201, headers: { 'x-answer': 'yes' }, body: '{"a":1}' });
    const bench = target(app.url);
    const told: AwaitedResult[] = [];
    const id = bench.add('app');
    const event = { id: bench.queue.row(id).event.id, target: 'app', isFirst: true };
    bench.dispatcher.awaitAnswer(event, (result) => told.push(result));
    bench.dispatcher.wake('app');
    await waitFor('answer', () => told.length === 1);
    expect(told).toMatchObject([{ kind: 'answered', answer: { status: 201, body: Buffer.from('{"a":1}') } }]);
    const [result] = told;
    expect(result?.kind === 'answered' ? result.answer.headers : []).toContainEqual(['x-answer', 'yes']);
  });
});

describe('faults over HTTP/2', () => {
  test('a black hole ends by the deadline, and the next try heals it', async () => {
    const app = await receiver();
    app.behave({ kind: 'hang' });
    const bench = target(app.url, { timeoutMs: SHORT, retry: AT_ONCE });
    const attempt = await bench.attempt();
    expect(attempt).toMatchObject({ outcome: 'retry', statusCode: null, error: { code: 'timeout' } });
    expect(attempt.durationMs).toBeGreaterThanOrEqual(SHORT - 5);
    expect(attempt.durationMs).toBeLessThan(SHORT + 1000);
    app.behave({ kind: 'answer', status: 200 });
    await waitFor('delivery', () => bench.queue.rows()[0]?.state.status === 'delivered');
  });

  test('a connection that went silent is not used again', async () => {
    const app = await receiver();
    const between = await wire(app);
    const bench = target(`https://localhost:${between.port}`, { timeoutMs: SHORT, retry: AT_ONCE });
    expect(await bench.attempt()).toMatchObject({ outcome: 'delivered' });
    between.loseAll();
    expect(await bench.attempt()).toMatchObject({ outcome: 'retry', error: { code: 'timeout' } });
    await waitFor('deliveries', () => bench.queue.rows().every(({ state }) => state.status === 'delivered'));
    expect(app.accepted()).toBe(2);
    expect(bench.queue.rows().map(({ history }) => history.length)).toEqual([1, 2]);
  });

  test('one attempt that times out leaves the others on its connection alone', async () => {
    const app = await receiver();
    let release = (): void => {};
    const when = new Promise<void>((resolve) => {
      release = resolve;
    });
    const bench = target(app.url, { timeoutMs: 2 * SHORT, retry: AT_ONCE });
    app.behave({ kind: 'hang' });
    const first = bench.add('app');
    bench.dispatcher.wake('app');
    const began = performance.now();
    await waitFor('first request', () => app.received.length === 1);
    await waitFor('half of its time', () => performance.now() - began > SHORT);
    app.behave({ kind: 'later', when, behaviour: { kind: 'answer', status: 200 } });
    const second = bench.add('app');
    bench.dispatcher.wake('app');
    await waitFor('end of the first', () => bench.queue.row(first).history.length > 0);
    release();
    await waitFor('deliveries', () => [first, second].every((id) => bench.status(id) === 'delivered'));
    expect(bench.queue.row(second).history).toHaveLength(1);
  });

  test.each([
    ['before the head', { kind: 'hang' }],
    ['in the middle of the body', { kind: 'drip', status: 200, everyMs: 20 }],
  ] as const)('a reset of the connection %s is an error, and the next try heals it', async (_, behaviour) => {
    const app = await receiver();
    const between = await wire(app);
    app.behave(behaviour);
    const bench = target(`https://localhost:${between.port}`, { retry: AT_ONCE });
    const id = bench.add('app');
    bench.dispatcher.wake('app');
    await waitFor('request', () => app.received.length === 1);
    app.behave({ kind: 'answer', status: 200 });
    between.resetAll();
    await waitFor('delivery', () => bench.status(id) === 'delivered');
    const [attempt] = bench.queue.row(id).history;
    expect(attempt).toMatchObject({ outcome: 'retry', error: { code: 'connection_reset' } });
  });

  test.each([
    ['before-head', null],
    ['in-body', 200],
  ] as const)('a reset of the request alone (%s) is an error, and its connection goes on', async (when, statusCode) => {
    const app = await receiver();
    app.behave({ kind: 'reset', when });
    const bench = target(app.url, { retry: AT_ONCE });
    const attempt = await bench.attempt();
    expect(attempt).toMatchObject({ outcome: 'retry', statusCode, error: { code: 'connection_reset' } });
    app.behave({ kind: 'answer', status: 200 });
    await waitFor('delivery', () => bench.queue.rows()[0]?.state.status === 'delivered');
    expect(app.accepted()).toBe(1);
  });

  test('a drip is cut at the deadline', async () => {
    const app = await receiver();
    app.behave({ kind: 'drip', status: 200, everyMs: 20 });
    const attempt = await target(app.url, { timeoutMs: SHORT }).attempt();
    expect(attempt).toMatchObject({ outcome: 'retry', statusCode: 200, error: { code: 'timeout' } });
    expect(attempt.durationMs).toBeLessThan(SHORT + 1000);
  });

  test.each([
    [200, 'delivered'],
    [500, 'retry'],
  ] as const)('an answer without an end is cut, and its status %i decides', async (status, outcome) => {
    const app = await receiver();
    app.behave({ kind: 'endless', status });
    const attempt = await target(app.url).attempt();
    expect(attempt).toMatchObject({ outcome, statusCode: status });
    expect(attempt.response).toMatchObject({ truncated: true, body: 'x'.repeat(4096) });
  });

  test('an answer just within the limit is read whole', async () => {
    const app = await receiver();
    app.behave({ kind: 'answer', status: 200, body: Buffer.alloc(ANSWER_LIMIT, 'x') });
    expect(await target(app.url).attempt()).toMatchObject({ outcome: 'delivered' });
  });

  test('a cancelled attempt ends at once', async () => {
    const app = await receiver();
    app.behave({ kind: 'hang' });
    const bench = target(app.url);
    const id = bench.add('app');
    bench.dispatcher.wake('app');
    await waitFor('request', () => app.received.length === 1);
    bench.dispatcher.cancel(id);
    await waitFor('end', () => bench.queue.row(id).history.length === 1);
    expect(bench.queue.row(id).history).toMatchObject([{ error: { code: 'cancelled' } }]);
  });
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_TIMEOUTS } from '../../src/ingest/listener.ts';
import { RawClient, startListener, TOKEN } from '../support/ingest.ts';
import { waitFor } from '../support/wait.ts';

const AUTH = `X-KnowledgeSDK-Webhook-Token: ${TOKEN}`;
const POST = 'POST /webhooks/knowledgesdk HTTP/1.1';
/** Short, so that the test is. The check comes every 20 ms. */
const TIMEOUTS = { ...DEFAULT_TIMEOUTS, headers: 150, request: 300, check: 20, keepAlive: 150 };

let hookbay: Awaited<ReturnType<typeof startListener>>;
beforeEach(async () => {
  hookbay = await startListener({ timeouts: TIMEOUTS });
});
afterEach(() => hookbay.listener.close());

const message = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`;
const LENGTH = 'Content-Length: 2';

describe('malformed framing is answered with 400, and the connection is closed', () => {
  test.each([
    ['no Host', message(POST, AUTH, LENGTH)],
    ['two Hosts', message(POST, 'Host: a', 'Host: a', AUTH, LENGTH)],
    ['an empty Host', message(POST, 'Host:', AUTH, LENGTH)],
    ['a malformed Host', message(POST, 'Host: a b', AUTH, LENGTH)],
    ['two lengths', message(POST, 'Host: a', AUTH, LENGTH, 'Content-Length: 3')],
    ['length and chunks', message(POST, 'Host: a', AUTH, LENGTH, 'Transfer-Encoding: chunked')],
    ['a coding beside chunked', message(POST, 'Host: a', AUTH, 'Transfer-Encoding: gzip, chunked')],
    ['a length that is no number', message(POST, 'Host: a', AUTH, 'Content-Length: 2x')],
    ['a header name with a space', message(POST, 'Host: a', AUTH, 'Content-Length : 2')],
    ['a bad request line', message('POST', 'Host: a')],
    ['a body of TLS', '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n'],
    ['a folded header', message(POST, 'Host: a', AUTH, 'X: a\r\n b', LENGTH)],
  ])('%s', async (_, head) => {
    const client = new RawClient(hookbay.port).send(`${head}{}`);
    expect(await client.until('malformed_request')).toMatch(/^HTTP\/1\.1 400 [\s\S]*problem\+json[\s\S]*connection: close/i);
    await client.closed;
    expect(hookbay.log.events).toEqual([]);
    expect(hookbay.rejections).toMatchObject([{ reason: 'malformed_request', status: 400, route: null, peer: '127.0.0.1' }]);
  });

  test('a bad chunk, and nothing of its request stays', async () => {
    const client = new RawClient(hookbay.port).send(
      `${message(POST, 'Host: a', AUTH, 'Transfer-Encoding: chunked')}1\r\n{\r\nzz\r\n`,
    );
    expect(await client.until('malformed_request')).toMatch(/^HTTP\/1\.1 400 /);
    await client.closed;
    expect(hookbay.log.events).toEqual([]);
    await waitFor('release of its bytes', () => hookbay.listener.inFlightBytes() === 0);
  });

  test('the answer arrives also when the client goes on sending', async () => {
    const client = new RawClient(hookbay.port).send(message('NONSENSE', 'Host: a'));
    client.send(Buffer.alloc(4 * 1024 * 1024));
    await client.until('malformed_request');
    await client.closed;
  });

  test('control: the same request without a fault is taken', async () => {
    const client = new RawClient(hookbay.port).send(`${message(POST, 'Host: a', AUTH, LENGTH)}{}`);
    expect(await client.until('accepted')).toMatch(/^HTTP\/1\.1 200 /);
    await client.closed; // idle
  });

  test('control: HTTP/1.0 needs no Host, and a whole URL in the request line is understood', async () => {
    const old = new RawClient(hookbay.port).send(`${message('POST /webhooks/knowledgesdk HTTP/1.0', AUTH, LENGTH)}{}`);
    await old.until('accepted');
    const absolute = new RawClient(hookbay.port).send(
      `${message('POST http://h/webhooks/knowledgesdk?q HTTP/1.1', 'Host: h', AUTH, LENGTH)}{}`,
    );
    await absolute.until('accepted');
    expect(hookbay.log.events.map(({ event }) => event.query)).toEqual(['', 'q']);
  });
});

describe('nothing that a client does stops the listener', () => {
  const whole = `${message(POST, 'Host: a', AUTH, LENGTH)}{}`;

  test('resets at any point of a request', async () => {
    const chunked = `${message(POST, 'Host: a', AUTH, 'Transfer-Encoding: chunked')}2\r\n{}\r\n0\r\n\r\n`;
    const big = `${message(POST, 'Host: a', 'Content-Length: 99999999')}{}`;
    for (const bytes of [whole, chunked, big, whole + whole]) {
      for (let cut = 1; cut <= bytes.length; cut += 7) {
        const client = new RawClient(hookbay.port);
        client.socket.write(bytes.slice(0, cut), () => client.socket.resetAndDestroy());
        await client.closed;
      }
    }
    const last = new RawClient(hookbay.port).send(whole);
    await last.until('accepted');
    await waitFor('release of all bytes', () => hookbay.listener.inFlightBytes() === 0);
  });

  test('nonsense behind a request that is being appended', async () => {
    hookbay.log.hold();
    const client = new RawClient(hookbay.port).send(whole);
    await waitFor('append', () => hookbay.log.events.length === 1);
    await client.send('NONSENSE\r\n\r\n').until('malformed_request');
    hookbay.log.release();
    await client.closed;
    await waitFor('acceptance', () => hookbay.observed.some(([kind]) => kind === 'accepted'));
  });

  test('an offer to upgrade is an ordinary request', async () => {
    const head = message(POST, 'Host: a', AUTH, LENGTH, 'Connection: Upgrade', 'Upgrade: websocket');
    await new RawClient(hookbay.port).send(`${head}{}`).until('accepted');
  });
});

describe('two different credentials are refused as unverified', () => {
  test.each([
    [AUTH, 'X-KnowledgeSDK-Webhook-Token: x'],
    ['x-knowledgesdk-webhook-token: x', AUTH],
  ])('%s, %s', async (...both) => {
    const client = new RawClient(hookbay.port).send(`${message(POST, 'Host: a', ...both, LENGTH)}{}`);
    expect(await client.until('verification_failed')).toMatch(/^HTTP\/1\.1 401 /);
    await client.closed;
  });
});

describe('slow clients are dropped', () => {
  test('with the shipped times within 10 s', () => {
    expect(DEFAULT_TIMEOUTS.headers + DEFAULT_TIMEOUTS.check).toBeLessThan(10_000);
    expect(DEFAULT_TIMEOUTS.request + DEFAULT_TIMEOUTS.check).toBeLessThan(10_000);
  });

  test.each([
    ['that say nothing', ''],
    ['that stop in the head', `${POST}\r\nHost: a\r\nX: `],
    ['that stop in the body', `${message(POST, 'Host: a', AUTH, 'Content-Length: 1000')}{`],
    ['that stop in a chunk', `${message(POST, 'Host: a', AUTH, 'Transfer-Encoding: chunked')}a\r\n{`],
  ])('those %s', async (_, bytes) => {
    const client = new RawClient(hookbay.port);
    if (bytes !== '') client.send(bytes);
    expect(await client.until('request_timeout')).toMatch(/^HTTP\/1\.1 408 /);
    await client.closed;
    expect(hookbay.log.events).toEqual([]);
    await waitFor('release of its bytes', () => hookbay.listener.inFlightBytes() === 0);
  });

  test('those that drip', async () => {
    const client = new RawClient(hookbay.port).send(message(POST, 'Host: a', AUTH, 'Content-Length: 100000'));
    const drip = setInterval(() => client.send('x'), 20);
    await client.closed;
    clearInterval(drip);
    expect(client.received).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('a slow commit is no slow client', async () => {
    hookbay.log.hold();
    const client = new RawClient(hookbay.port).send(`${message(POST, 'Host: a', AUTH, LENGTH)}{}`);
    const slow = new RawClient(hookbay.port);
    const slower = slow.closed.then(() => new RawClient(hookbay.port).closed).then(() => new RawClient(hookbay.port).closed);
    await slower; // 450 ms at least
    hookbay.log.release();
    expect(await client.until('accepted')).toMatch(/^HTTP\/1\.1 200 /);
    client.socket.destroy();
  });
});

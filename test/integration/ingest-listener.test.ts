import { gzipSync } from 'node:zlib';
import { request } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { CREDENTIAL_MARK } from '../../src/domain/credential-mark.ts';
import type { PublicListenerOptions } from '../../src/ingest/listener.ts';
import { senderOf } from '../../src/providers/sender.ts';
import { RawClient, routeConfig, SECRET, settings, startListener, TOKEN, verifyConfig } from '../support/ingest.ts';
import { waitFor } from '../support/wait.ts';

const PATH = '/webhooks/knowledgesdk';
const AUTH = { 'x-knowledgesdk-webhook-token': TOKEN };
const BODY = '{"event":"PAGE_SCRAPED","payload":{}}';

let running: Awaited<ReturnType<typeof startListener>> | null = null;
async function start(changes: Partial<PublicListenerOptions> = {}) {
  running = await startListener(changes);
  return running;
}
afterEach(async () => {
  running?.log.release();
  await running?.listener.close();
  running = null;
});

type Started = Awaited<ReturnType<typeof start>>;
async function post(to: Started, body: string | Buffer = BODY, headers: Record<string, string> = AUTH, path = PATH) {
  const answer = await request(to.url + path, { method: 'POST', headers, body, reset: true });
  const text = await answer.body.text();
  return { status: answer.statusCode, headers: answer.headers, json: JSON.parse(text) as Record<string, unknown> };
}

describe('accepting', () => {
  test('an event is handed to the log as it came, and acknowledged with its id', async () => {
    const hookbay = await start();
    const before = Date.now();
    const headers = { ...AUTH, 'content-type': 'application/json', 'x-knowledgesdk-dedup-key': 'msg_1' };
    const answer = await post(hookbay, BODY, headers, `${PATH}?a=1&b=%20`);
    expect(answer).toMatchObject({ status: 200, json: { status: 'accepted', eventId: 'evt_1' } });
    expect(answer.headers['content-type']).toBe('application/json');
    const [stored] = hookbay.log.events;
    expect(stored).toMatchObject({
      event: {
        route: 'knowledgesdk',
        type: 'PAGE_SCRAPED',
        dedup: { key: 'msg_1', windowMs: 1_000 },
        method: 'POST',
        path: PATH,
        query: 'a=1&b=%20',
        peer: '127.0.0.1',
        contentType: 'application/json',
      },
      deliveries: [{ kind: 'pending' as const, target: 'app' }],
    });
    expect(stored?.event.body.toString()).toBe(BODY);
    expect(stored?.event.receivedAt).toBeGreaterThanOrEqual(before);
    expect(stored?.event.receivedAt).toBeLessThanOrEqual(Date.now());
    expect(hookbay.observed).toEqual([['accepted', 'knowledgesdk', expect.any(Number)]]);
    const record = { route: 'knowledgesdk', eventId: 'evt_1', type: 'PAGE_SCRAPED', dedupKey: 'msg_1', bodyBytes: BODY.length };
    expect(hookbay.lines).toMatchObject([{ level: 'debug', message: 'event_accepted', record }]);
    expect(hookbay.listener.inFlightBytes()).toBe(0);
  });

  test('headers keep order, spelling, repeats and bytes; the token is removed', async () => {
    const hookbay = await start();
    const lines = [
      'Host: a',
      'X-B: 1',
      'x-b: 2',
      'X-B: 1',
      `X-KnowledgeSDK-Webhook-Token: ${TOKEN}`,
      'X-Raw: \xe9\xff',
      'Content-Length: 0',
      'Connection: close',
    ];
    const client = new RawClient(hookbay.port).send(
      Buffer.from(`POST ${PATH} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1'),
    );
    await client.until('accepted');
    expect(hookbay.log.events[0]?.event.headers).toEqual([
      ['Host', 'a'],
      ['X-B', '1'],
      ['x-b', '2'],
      ['X-B', '1'],
      ['X-KnowledgeSDK-Webhook-Token', CREDENTIAL_MARK],
      ['X-Raw', '\xe9\xff'],
      ['Content-Length', '0'],
      ['Connection', 'close'],
    ]);
  });

  test.each([
    ['an empty body', Buffer.alloc(0)],
    ['every byte', Buffer.from(Array.from({ length: 256 }, (_, i) => i))],
    ['invalid UTF-8 in JSON', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['gzip', gzipSync(BODY)],
    ['a big body', Buffer.alloc(1024 * 1024, '{"event":')],
  ])('%s stays as it is, byte for byte', async (_, body) => {
    const hookbay = await start();
    expect((await post(hookbay, body)).status).toBe(200);
    expect(hookbay.log.events[0]?.event.body.equals(body)).toBe(true);
    expect(hookbay.log.events[0]?.event.type).toBeNull();
  });

  test('a body in chunks is put together', async () => {
    const hookbay = await start();
    const client = new RawClient(hookbay.port);
    client.send(
      `POST ${PATH} HTTP/1.1\r\nHost: a\r\nX-KnowledgeSDK-Webhook-Token: ${TOKEN}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    for (const byte of BODY) client.send(`1\r\n${byte}\r\n`);
    await client.send('0\r\n\r\n').until('accepted');
    expect(hookbay.log.events[0]?.event.body.toString()).toBe(BODY);
    client.socket.destroy();
  });

  test('several requests on one connection, one after the other and at once', async () => {
    const hookbay = await start();
    const one = (n: number) =>
      `POST ${PATH}?${n} HTTP/1.1\r\nHost: a\r\nX-KnowledgeSDK-Webhook-Token: ${TOKEN}\r\nContent-Length: 2\r\n\r\n{}`;
    const client = new RawClient(hookbay.port).send(one(1));
    await client.until('evt_1');
    await client.send(one(2) + one(3)).until('evt_3');
    expect(hookbay.log.events.map(({ event }) => event.query)).toEqual(['1', '2', '3']);
    client.socket.destroy();
  });

  test('a client that waits for 100 Continue gets it, unless it is refused first', async () => {
    const hookbay = await start();
    const head = (length: number) =>
      `POST ${PATH} HTTP/1.1\r\nHost: a\r\nX-KnowledgeSDK-Webhook-Token: ${TOKEN}\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
    const client = new RawClient(hookbay.port).send(head(2));
    await client.until('100 Continue');
    await client.send('{}').until('accepted');
    client.socket.destroy();
    const refused = new RawClient(hookbay.port).send(head(2 * 1024 * 1024));
    expect(await refused.until('body_too_large')).not.toContain('100 Continue');
    refused.socket.destroy();
  });

  test('a duplicate is acknowledged with the first id', async () => {
    const hookbay = await start();
    hookbay.log.result = () => ({ kind: 'duplicate', eventId: 'evt_first', conflict: true });
    expect(await post(hookbay)).toMatchObject({ status: 200, json: { status: 'duplicate', eventId: 'evt_first' } });
    expect(hookbay.observed).toEqual([['duplicate', 'knowledgesdk', true, expect.any(Number)]]);
    expect(hookbay.lines).toMatchObject([{ level: 'info', message: 'duplicate_conflict', record: { eventId: 'evt_first' } }]);
  });

  test('nothing is answered before the append has resolved', async () => {
    const hookbay = await start();
    hookbay.log.hold();
    let answered = false;
    const answer = post(hookbay).finally(() => {
      answered = true;
    });
    await waitFor('append', () => hookbay.log.events.length === 1);
    expect(answered).toBe(false);
    expect(hookbay.listener.inFlightBytes()).toBe(BODY.length);
    hookbay.log.release();
    expect((await answer).status).toBe(200);
    expect(hookbay.listener.inFlightBytes()).toBe(0);
  });

  test('behind a trusted proxy the peer is the right-most untrusted address', async () => {
    const hookbay = await start({ settings: settings({}, [routeConfig()], ['127.0.0.0/8']) });
    await post(hookbay, BODY, { ...AUTH, 'x-forwarded-for': '1.1.1.1, 198.51.100.9' });
    expect(hookbay.log.events[0]?.event.peer).toBe('198.51.100.9');
  });
});

describe('refusing', () => {
  test('404 and 405 with Allow', async () => {
    const hookbay = await start({ settings: settings({}, [routeConfig({ methods: ['POST', 'PUT'] })]) });
    const missing = await post(hookbay, BODY, AUTH, '/nowhere');
    expect(missing).toMatchObject({ status: 404, json: { code: 'not_found', status: 404, title: 'Not Found' } });
    expect(missing.headers['content-type']).toBe('application/problem+json');
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'DELETE'] as const) {
      const answer = await request(hookbay.url + PATH, { method, reset: true });
      await answer.body.dump();
      expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'POST, PUT']);
    }
    expect(hookbay.log.events).toEqual([]);
  });

  test('401 says nothing about why; the rejection does, without secrets', async () => {
    const hookbay = await start({ settings: settings({}, [routeConfig({ verify: verifyConfig({ hmacSecrets: [SECRET] }) })]) });
    const headers = {
      'x-knowledgesdk-webhook-token': 'canary-token',
      authorization: 'Basic canary',
      cookie: 'canary',
      'x-api-key': 'canary',
      'x-other': 'seen',
    };
    const wrong = await post(hookbay, BODY, headers);
    const none = await post(hookbay, BODY, {});
    expect(wrong.status).toBe(401);
    expect(wrong.json).toEqual(none.json);
    expect(hookbay.rejections[0]).toMatchObject({
      route: 'knowledgesdk',
      reason: 'verification_failed',
      explanation: expect.stringContaining('the x-knowledgesdk-webhook-token header does not match any configured token: '),
      peer: '127.0.0.1',
      status: 401,
      bodyStart: BODY,
    });
    expect(hookbay.rejections[0]?.headers).toContainEqual(['x-other', 'seen']);
    expect(hookbay.rejections[1]?.explanation).toContain(
      'no x-knowledgesdk-webhook-token header and no x-knowledgesdk-signature header',
    );
    expect(JSON.stringify([hookbay.rejections, hookbay.lines])).not.toContain('canary');
    expect(hookbay.lines[0]).toMatchObject({
      message: 'request_refused',
      record: { reason: 'verification_failed', status: 401, path: PATH },
    });
    expect(hookbay.observed[0]).toEqual(['rejected', 'knowledgesdk', 'verification_failed', 401]);
    expect(hookbay.log.events).toEqual([]);
  });

  test('credentials where a route has them are not kept, not even of requests that went astray', async () => {
    const figma = routeConfig({ name: 'figma', path: '/figma', verify: senderOf('figma', { token: 'the-passcode' }) });
    const mine = senderOf('assemblyai', { token: 'the-token', params: { header: 'x-mine' } });
    const assembly = routeConfig({ name: 'assemblyai', path: '/assemblyai', verify: mine });
    const hookbay = await start({ settings: settings({}, [figma, assembly]) });
    await post(hookbay, '{"passcode":"canary","a":1}', {}, '/figma');
    await post(hookbay, '{"passcode":"canary"', {}, '/figma');
    for (const path of ['/assemblyai', '/nowhere', '/assemblyai?x-mine=canary'])
      await post(hookbay, '{}', { 'x-mine': 'canary' }, path);
    expect(hookbay.rejections.map(({ status }) => status)).toEqual([401, 401, 401, 404, 401]);
    expect(hookbay.rejections.map(({ bodyStart }) => bodyStart).slice(0, 2)).toEqual([
      '{"passcode":"[removed by hookbay]","a":1}',
      '',
    ]);
    expect(JSON.stringify([hookbay.rejections, hookbay.lines])).not.toContain('canary');
  });

  test('what missed its route is explained', async () => {
    const hookbay = await start();
    await post(hookbay, '{}', { 'x-github-event': 'push' }, '/Webhooks/knowledgesdk/');
    await post(hookbay, '{}', {}, `/${'x'.repeat(300)}`);
    expect(hookbay.rejections.map(({ explanation }) => explanation)).toEqual([
      'no route has the path /Webhooks/knowledgesdk/; the route knowledgesdk has /webhooks/knowledgesdk; it looks like a request of GitHub, by its x-github-event header',
      `no route has the path /${'x'.repeat(199)}…`,
    ]);
  });

  test('of a long refused body the first 2 KiB are kept', async () => {
    const hookbay = await start();
    await post(hookbay, 'x'.repeat(5_000), {});
    expect(hookbay.rejections[0]?.bodyStart).toBe('x'.repeat(2_048));
  });

  test.each(['disk_full', 'storage_failing'] as const)('503 before the body is read: %s', async (reason) => {
    const hookbay = await start();
    hookbay.log.refusing = reason;
    const client = new RawClient(hookbay.port).send(`POST ${PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n`);
    const text = await client.until(reason);
    expect(text).toMatch(/^HTTP\/1\.1 503 /);
    expect(text).toMatch(/\r\nretry-after: \d+\r\n/);
    expect(hookbay.rejections).toEqual([]);
    expect(hookbay.observed).toEqual([['rejected', 'knowledgesdk', reason, 503]]);
    client.socket.destroy();
  });

  test('503 when the append could not be done in time', async () => {
    const hookbay = await start();
    hookbay.log.result = () => ({ kind: 'unavailable', reason: 'commit_timeout' });
    const answer = await post(hookbay);
    expect(answer).toMatchObject({ status: 503, json: { code: 'commit_timeout' } });
    expect(answer.headers['retry-after']).toBe('1');
    expect(hookbay.listener.inFlightBytes()).toBe(0);
  });

  test('a log that breaks its word leaves no sender waiting', async () => {
    const hookbay = await start();
    hookbay.log.append = () => Promise.reject(new Error('broken'));
    expect(await post(hookbay)).toMatchObject({ status: 503, json: { code: 'storage_failing' } });
    hookbay.log.append = () => {
      throw new Error('broken');
    };
    expect(await post(hookbay)).toMatchObject({ status: 500, json: { code: 'internal_error' } });
    expect(hookbay.listener.inFlightBytes()).toBe(0);
  });

  test('a flood is counted in full, and logged and recorded up to a rate', async () => {
    const hookbay = await start();
    const client = new RawClient(hookbay.port);
    client.send('GET /scan HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(400));
    await waitFor('all answers', () => client.received.split('HTTP/1.1 404').length === 401);
    client.socket.destroy();
    expect(hookbay.observed).toHaveLength(400);
    expect(hookbay.rejections.length).toBeGreaterThanOrEqual(100);
    expect(hookbay.rejections.length).toBeLessThan(200);
    // The records of routes have an allowance of their own.
    await post(hookbay, BODY, {});
    expect(hookbay.rejections.at(-1)?.reason).toBe('verification_failed');
    await hookbay.listener.close();
    const lines = hookbay.lines.filter(({ message }) => message === 'request_refused').length;
    const withheld = hookbay.lines.flatMap(({ message, record }) =>
      message === 'lines_withheld' ? [(record as { count: number }).count] : [],
    );
    expect(lines).toBeLessThan(200);
    expect(lines + withheld.reduce((sum, count) => sum + count, 0)).toBe(401);
  });
});

/** More than the limit of 1 MiB, and not the end. */
const CHUNKS = `10000\r\n${'x'.repeat(0x10000)}\r\n`.repeat(17);

describe('limits', () => {
  test('413 for an announced length, at once and for good', async () => {
    const hookbay = await start();
    const client = new RawClient(hookbay.port).send(`POST ${PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n`);
    expect(await client.until('body_too_large')).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close/);
    await client.closed;
  });

  test.each([
    ['too large', `POST ${PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\nabc`, 'body_too_large'],
    [
      'too large by its chunks',
      `POST ${PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKS}`,
      'body_too_large',
    ],
    ['to a path of no route', 'POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc', 'not_found'],
  ])('a request that is %s is refused once, although the client gives up its body', async (_name, request, code) => {
    const hookbay = await start();
    const client = new RawClient(hookbay.port).send(request);
    await client.until(code);
    client.socket.end();
    await client.closed;
    expect(hookbay.rejections.map(({ reason }) => reason)).toEqual([code]);
    expect(client.received.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  test('what is malformed after a refused request is refused as well', async () => {
    const hookbay = await start();
    const client = new RawClient(hookbay.port).send('POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc');
    await client.until('not_found');
    client.send('nonsense\r\n\r\n');
    await client.until('malformed_request');
    await client.closed;
    expect(hookbay.rejections.map(({ reason }) => reason)).toEqual(['not_found', 'malformed_request']);
  });

  test('413 reaches a client that goes on sending', async () => {
    const hookbay = await start();
    const body = Buffer.alloc(8 * 1024 * 1024, 'x');
    expect(await post(hookbay, body)).toMatchObject({ status: 413, json: { code: 'body_too_large' } });
  });

  test('a body without an end is not read for long', async () => {
    const hookbay = await start();
    const client = new RawClient(hookbay.port);
    client.send(`POST ${PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const chunk = Buffer.from(`100000\r\n${'x'.repeat(0x100000)}\r\n`);
    const pour = () => {
      while (!client.socket.destroyed && client.socket.write(chunk));
    };
    client.socket.on('drain', pour);
    pour();
    await client.until('body_too_large');
    await client.closed;
    // What Node and the kernel hold in their buffers comes on top of the 16 MiB.
    expect(client.socket.bytesWritten).toBeLessThan(40 * 1024 * 1024);
  });

  test('413 for chunks, cut while they come', async () => {
    const hookbay = await start();
    const client = new RawClient(hookbay.port);
    client.send(`POST ${PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    for (let i = 0; i < 17; i += 1) client.send(chunk);
    expect(await client.until('body_too_large')).toMatch(/^HTTP\/1\.1 413 /);
    await client.closed;
    expect(hookbay.listener.inFlightBytes()).toBe(0);
    expect(hookbay.log.events).toEqual([]);
  });

  test('a body of exactly the limit is taken', async () => {
    const hookbay = await start({ settings: settings({ body: 100 }) });
    expect((await post(hookbay, 'x'.repeat(100))).status).toBe(200);
    expect((await post(hookbay, 'x'.repeat(101))).status).toBe(413);
  });

  test('431 for headers past the limit', async () => {
    const hookbay = await start();
    const client = new RawClient(hookbay.port).send(
      `POST ${PATH} HTTP/1.1\r\nHost: a\r\nX-Big: ${'x'.repeat(17 * 1024)}\r\n\r\n`,
    );
    expect(await client.until('headers_too_large')).toMatch(/^HTTP\/1\.1 431 /);
    await client.closed;
    expect(hookbay.rejections[0]).toMatchObject({ reason: 'headers_too_large', status: 431, route: null });
  });

  test('a credential after 2,000 headers is seen', async () => {
    const hookbay = await start({ settings: settings({ headers: 64 * 1024 }) });
    const many = 'a: b\r\n'.repeat(2_500);
    const client = new RawClient(hookbay.port).send(
      `POST ${PATH} HTTP/1.1\r\nHost: a\r\nX-KnowledgeSDK-Webhook-Token: ${TOKEN}\r\n${many}X-KnowledgeSDK-Webhook-Token: other\r\nConnection: close\r\n\r\n`,
    );
    expect(await client.until('verification_failed')).toMatch(/^HTTP\/1\.1 401 /);
  });

  test('bodies that have come share limits.inFlight; the next one gets 503 before its body', async () => {
    const hookbay = await start({ settings: settings({ inFlight: 1_000 }) });
    const first = new RawClient(hookbay.port).send(
      `POST ${PATH} HTTP/1.1\r\nHost: a\r\nX-KnowledgeSDK-Webhook-Token: ${TOKEN}\r\nContent-Length: 901\r\n\r\n${'y'.repeat(900)}`,
    );
    await waitFor('bytes', () => hookbay.listener.inFlightBytes() === 900);
    const answer = await post(hookbay, 'x'.repeat(101));
    expect(answer).toMatchObject({ status: 503, json: { code: 'in_flight_full' } });
    expect(answer.headers['retry-after']).toBe('1');
    expect((await post(hookbay, 'x'.repeat(100))).status).toBe(200);
    first.socket.destroy();
    await waitFor('release', () => hookbay.listener.inFlightBytes() === 0);
    expect((await post(hookbay, 'x'.repeat(1_000))).status).toBe(200);
  });

  test('connections that announce much and send nothing keep nobody out', async () => {
    const hookbay = await start({ settings: settings({ inFlight: 1_000 }) });
    const head = `POST ${PATH} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n`;
    const idle = Array.from({ length: 5 }, () => new RawClient(hookbay.port).send(head));
    for (const client of idle) await client.until('100 Continue');
    expect((await post(hookbay, 'x'.repeat(1_000))).status).toBe(200);
    for (const client of idle) client.socket.destroy();
  });

  test('a body in pieces of one byte takes no more than its size, and arrives whole', async () => {
    const hookbay = await start({ settings: settings({ inFlight: 64 * 1024 }) });
    const pieces = Array.from({ length: 20_000 }, (_, index) => String.fromCharCode(97 + (index % 26)));
    const client = new RawClient(hookbay.port).send(
      `POST ${PATH} HTTP/1.1\r\nHost: a\r\nX-KnowledgeSDK-Webhook-Token: ${TOKEN}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    await client.send(`${pieces.map((piece) => `1\r\n${piece}\r\n`).join('')}0\r\n\r\n`).until('accepted');
    expect(hookbay.log.events[0]?.event.body.toString()).toBe(pieces.join(''));
    client.socket.destroy();
  });

  test('chunked bodies take their share as they grow', async () => {
    const hookbay = await start({ settings: settings({ inFlight: 1_000 }) });
    const client = new RawClient(hookbay.port);
    client.send(`POST ${PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n${'x'.repeat(100)}\r\n`);
    await waitFor('first chunk', () => hookbay.listener.inFlightBytes() === 100);
    client.send(`400\r\n${'x'.repeat(1024)}\r\n`);
    expect(await client.until('in_flight_full')).toMatch(/^HTTP\/1\.1 503 /);
    expect(hookbay.listener.inFlightBytes()).toBe(0);
    client.socket.destroy();
  });

  test('an upload that breaks off is forgotten and gives its bytes back', async () => {
    const hookbay = await start();
    const client = new RawClient(hookbay.port).send(`POST ${PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf`);
    await waitFor('first bytes', () => hookbay.listener.inFlightBytes() === 4);
    client.socket.destroy();
    await waitFor('release', () => hookbay.listener.inFlightBytes() === 0);
    expect(hookbay.log.events).toEqual([]);
    expect(hookbay.rejections[0]?.explanation).toContain('ended the connection within its request');
  });

  test('a client that leaves while its event is appended changes nothing', async () => {
    const hookbay = await start();
    hookbay.log.hold();
    const client = new RawClient(hookbay.port).send(
      `POST ${PATH} HTTP/1.1\r\nHost: a\r\nX-KnowledgeSDK-Webhook-Token: ${TOKEN}\r\nContent-Length: 2\r\n\r\n{}`,
    );
    await waitFor('append', () => hookbay.log.events.length === 1);
    client.socket.destroy();
    await client.closed;
    hookbay.log.release();
    await waitFor('acceptance', () => hookbay.observed.length === 1);
    expect(hookbay.listener.inFlightBytes()).toBe(0);
  });
});

describe('health', () => {
  const get = async (hookbay: Started, path: string) => {
    const answer = await request(hookbay.url + path, { reset: true });
    return { status: answer.statusCode, json: await answer.body.json() };
  };

  test('alive whatever happens; ready with reasons why not', async () => {
    const reasons: string[] = [];
    const hookbay = await start({ notReady: () => reasons });
    expect(await get(hookbay, '/healthz')).toEqual({ status: 200, json: { status: 'ok' } });
    expect(await get(hookbay, '/readyz')).toEqual({ status: 200, json: { status: 'ready' } });
    reasons.push('checkpoint_failing');
    hookbay.log.refusing = 'disk_full';
    hookbay.listener.drain();
    expect(await get(hookbay, '/readyz?x')).toEqual({
      status: 503,
      json: { status: 'unavailable', reasons: ['checkpoint_failing', 'disk_full', 'shutting_down'] },
    });
    expect(await get(hookbay, '/healthz')).toEqual({ status: 200, json: { status: 'ok' } });
    expect(await post(hookbay, '', {}, '/healthz')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });
});

describe('reload and stop', () => {
  test('a request ends on the routes it began with; the next has the new ones', async () => {
    const hookbay = await start();
    const client = new RawClient(hookbay.port).send(
      `POST ${PATH} HTTP/1.1\r\nHost: a\r\nX-KnowledgeSDK-Webhook-Token: ${TOKEN}\r\nContent-Length: 2\r\n\r\n{`,
    );
    await waitFor('first byte', () => hookbay.listener.inFlightBytes() === 1);
    const verify = verifyConfig({ tokens: ['tok_next'] });
    hookbay.listener.configure(settings({ body: 1 }, [routeConfig({ verify, deliver: [{ target: 'other', events: null }] })]));
    await client.send('}').until('accepted');
    expect(hookbay.log.events[0]?.deliveries).toEqual([{ kind: 'pending' as const, target: 'app' }]);
    expect((await post(hookbay, '1', AUTH)).status).toBe(401);
    expect((await post(hookbay, '1', { 'x-knowledgesdk-webhook-token': 'tok_next' })).status).toBe(200);
    expect((await post(hookbay, '12', { 'x-knowledgesdk-webhook-token': 'tok_next' })).status).toBe(413);
    expect(hookbay.log.events[1]?.deliveries).toEqual([{ kind: 'pending' as const, target: 'other' }]);
    client.socket.destroy();
  });

  test('wrong settings change nothing', async () => {
    const hookbay = await start();
    const wrong = routeConfig({ path: '/other', verify: verifyConfig({ hmacSecrets: ['s'], hmacTemplate: '{nonsense}' }) });
    expect(() => hookbay.listener.configure(settings({}, [wrong]))).toThrow(expect.objectContaining({ code: 'bad_template' }));
    expect((await post(hookbay)).status).toBe(200);
  });

  test('draining refuses new webhooks, finishes what has begun, and closes', async () => {
    const hookbay = await start();
    hookbay.log.hold();
    const begun = post(hookbay);
    await waitFor('append', () => hookbay.log.events.length === 1);
    hookbay.listener.drain();
    const refused = await post(hookbay);
    expect(refused).toMatchObject({ status: 503, json: { code: 'shutting_down' } });
    expect(refused.headers.connection).toBe('close');
    const idle = new RawClient(hookbay.port);
    const closed = hookbay.listener.close();
    expect(hookbay.listener.close()).toStrictEqual(closed);
    hookbay.log.release();
    expect((await begun).status).toBe(200);
    await closed;
    await idle.closed;
  });

  test('an address that is taken is reported', async () => {
    const hookbay = await start();
    await expect(startListener({ listen: { host: '127.0.0.1', port: hookbay.port } })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});

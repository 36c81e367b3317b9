import { request } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import type { RouteConfig } from '../../src/config/types.ts';
import type { PublicListenerOptions } from '../../src/ingest/listener.ts';
import { RawClient, routeConfig, settings, startListener, TOKEN } from '../support/ingest.ts';
import { createManualClock } from '../support/manual-clock.ts';

const PATH = '/webhooks/knowledgesdk';
const AUTH = { 'x-knowledgesdk-webhook-token': TOKEN };
const BODY = '{"event":"PAGE_SCRAPED","payload":{}}';

let running: Awaited<ReturnType<typeof startListener>> | null = null;
afterEach(async () => {
  await running?.listener.close();
  running = null;
});

const { admission } = routeConfig();

async function start(route: Partial<RouteConfig>, proxies: string[] = [], changes: Partial<PublicListenerOptions> = {}) {
  running = await startListener({ settings: settings({}, [routeConfig(route)], proxies), ...changes });
  return running;
}

type Started = Awaited<ReturnType<typeof start>>;
async function post(to: Started, headers: Record<string, string> = {}, body: string | Buffer = BODY) {
  const answer = await request(to.url + PATH, { method: 'POST', headers: { ...AUTH, ...headers }, body, reset: true });
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
}
const codeOf = (answer: { text: string }): unknown => (JSON.parse(answer.text) as { code?: string }).code;

describe('sources', () => {
  const only = (...sources: string[]) => ({ admission: { ...admission, sources } });

  test('a sender outside is refused before its body is read, and nothing is stored', async () => {
    const hookbay = await start(only('203.0.113.0/24'));
    const client = new RawClient(hookbay.port);
    client.send(`POST ${PATH} HTTP/1.1\r\nHost: a\r\nX-KnowledgeSDK-Webhook-Token: ${TOKEN}\r\nContent-Length: 100\r\n\r\n`);
    const answer = await client.until('source_not_allowed');
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).not.toContain('127.0.0.1');
    client.socket.destroy();
    expect(hookbay.log.events).toEqual([]);
    expect(hookbay.rejections).toMatchObject([{ reason: 'source_not_allowed', status: 403, peer: '127.0.0.1' }]);
    expect(hookbay.observed).toEqual([['rejected', 'knowledgesdk', 'source_not_allowed', 403]]);
  });

  test('an X-Forwarded-For of somebody who is no trusted proxy does not count', async () => {
    const hookbay = await start(only('203.0.113.0/24'));
    const spoofed = ['203.0.113.9', '203.0.113.9, 127.0.0.1', '::ffff:203.0.113.9'];
    for (const forwarded of spoofed)
      expect(codeOf(await post(hookbay, { 'x-forwarded-for': forwarded }))).toBe('source_not_allowed');
    expect(hookbay.log.events).toEqual([]);
  });

  // biome-ignore format: a table reads by row
  test.each([
    ['the address that the proxy added', '203.0.113.9', 200],
    ['with what the sender wrote before it', '1.2.3.4, 203.0.113.9', 200],
    ['as IPv6 mapped', '::ffff:203.0.113.9', 200],
    ['as IPv6', '2001:db8::7', 200],
    ['with a port', '[2001:db8::7]:4711', 200],
    ['an allowed one that the sender wrote before its own', '203.0.113.9, 198.51.100.1', 403],
    ['an allowed IPv6 one that the sender wrote before its own', '2001:db8::7, 2001:db9::7', 403],
    ['an allowed one that the sender wrote before nonsense', '203.0.113.9, unknown', 403],
    ['none', '', 403],
  ])('behind a trusted proxy: %s', async (_name, forwarded, status) => {
    const hookbay = await start(only('203.0.113.0/24', '2001:db8::/32'), ['127.0.0.1']);
    expect((await post(hookbay, { 'x-forwarded-for': forwarded })).status).toBe(status);
  });

  test('an IPv4 sender on a dual-stack socket is an IPv4 sender', async () => {
    const hookbay = await start(only('127.0.0.0/8'), [], { listen: { host: '::', port: 0 } });
    expect((await post(hookbay)).status).toBe(200);
  });

  test('the health of the relay is told to everybody', async () => {
    const hookbay = await start(only('203.0.113.0/24'));
    expect((await request(`${hookbay.url}/healthz`)).statusCode).toBe(200);
  });
});

test('https is what a trusted proxy says, and nobody else', async () => {
  const strict = { admission: { ...admission, requireHttps: true } };
  const direct = await start(strict);
  expect(codeOf(await post(direct, { 'x-forwarded-proto': 'https' }))).toBe('https_required');
  await direct.listener.close();
  const behind = await start(strict, ['127.0.0.1']);
  const through = { 'x-forwarded-for': '198.51.100.1' };
  expect((await post(behind, { ...through, 'x-forwarded-proto': 'https' })).status).toBe(200);
  expect((await post(behind, { ...through, 'x-forwarded-proto': 'http' })).status).toBe(403);
  expect((await post(behind, through)).status).toBe(403);
});

describe('the rate limit', () => {
  test('answers 429 with the seconds to wait, before the body is read, and takes more when there is room', async () => {
    const clock = createManualClock();
    const limited = { admission: { ...admission, rateLimit: { amount: 2, perMs: 60_000 } } };
    const hookbay = await start(limited, [], { clock });
    expect((await post(hookbay)).status).toBe(200);
    expect((await post(hookbay, { 'x-knowledgesdk-webhook-token': 'wrong' })).status).toBe(401);
    const over = await post(hookbay);
    expect([over.status, over.headers['retry-after'], codeOf(over)]).toEqual([429, '30', 'rate_limited']);
    hookbay.listener.configure(settings({}, [routeConfig(limited)]));
    expect((await post(hookbay)).status).toBe(429);
    await clock.advance(30_000);
    expect((await post(hookbay)).status).toBe(200);
    expect(hookbay.rejections.map(({ reason }) => reason)).toContain('rate_limited');
  });
});

test('past its backlog a route answers 503, and tells why', async () => {
  const hookbay = await start({ admission: { ...admission, backlog: 5 } });
  hookbay.log.backlog = 4;
  expect((await post(hookbay)).status).toBe(200);
  hookbay.log.backlog = 5;
  const full = await post(hookbay);
  expect([full.status, full.headers['retry-after'], codeOf(full)]).toEqual([503, '10', 'backlog_full']);
  expect(hookbay.rejections).toMatchObject([{ reason: 'backlog_full', explanation: '5 deliveries of the route are pending' }]);
  expect((await request(`${hookbay.url}/readyz`)).statusCode).toBe(200);
});

describe('a schema', () => {
  const check = (payload: unknown): string | null => {
    if (payload === undefined) return 'the body is not a JSON object or array';
    return typeof payload === 'object' && payload !== null && 'payload' in payload ? null : '/payload must be there';
  };
  const deliver = [
    { target: 'app', events: null },
    { target: 'audit', events: ['OTHER'] },
  ];

  test('what does not match is acknowledged, held and logged; what is not for a target stays so', async () => {
    const hookbay = await start({ schema: { file: '/s', onInvalid: 'hold', check }, deliver });
    expect((await post(hookbay)).status).toBe(200);
    expect((await post(hookbay, {}, '{"event":"PAGE_SCRAPED"}')).status).toBe(200);
    expect((await post(hookbay, {}, 'a=1')).status).toBe(200);
    const filtered = { kind: 'filtered', target: 'audit', reason: 'type_not_in_events' };
    const held = (reason: string) => ({ kind: 'held', target: 'app', reason });
    expect(hookbay.log.events.map(({ deliveries }) => deliveries)).toEqual([
      [{ kind: 'pending', target: 'app' }, filtered],
      [held('schema_invalid: /payload must be there'), filtered],
      [held('schema_invalid: the body is not a JSON object or array'), filtered],
    ]);
    expect(hookbay.rejections).toEqual([]);
    const lines = hookbay.lines.filter(({ message }) => message === 'event_quarantined');
    expect(lines.map(({ record }) => record)).toMatchObject([{ eventId: 'evt_2' }, { eventId: 'evt_3' }]);
  });

  test('refuse: it is answered with 422, and only the rejection tells what did not match', async () => {
    const hookbay = await start({ schema: { file: '/s', onInvalid: 'refuse', check } });
    const refused = await post(hookbay, {}, '{"event":"PAGE_SCRAPED"}');
    expect([refused.status, codeOf(refused)]).toEqual([422, 'schema_refused']);
    expect(refused.text).not.toContain('payload');
    expect(hookbay.log.events).toEqual([]);
    expect(hookbay.rejections).toMatchObject([{ reason: 'schema_refused', status: 422, explanation: '/payload must be there' }]);
    expect((await post(hookbay)).status).toBe(200);
  });

  test('in proxy mode nobody waits for an answer to what is held', async () => {
    const proxy = { target: 'app', deadlineMs: 20_000 };
    let asked = 0;
    const awaitAnswer = (): null => {
      asked += 1;
      return null;
    };
    const schema = { file: '/s', onInvalid: 'hold' as const, check };
    const hookbay = await start({ schema, proxy }, [], { answers: { awaitAnswer } });
    expect(await post(hookbay, {}, '{}')).toMatchObject({ status: 200 });
    expect(asked).toBe(0);
    expect(await post(hookbay)).toMatchObject({ status: 200 });
    expect(asked).toBe(1);
  });

  test('nobody learns of it who is not verified', async () => {
    const hookbay = await start({ schema: { file: '/s', onInvalid: 'refuse', check } });
    expect((await post(hookbay, { 'x-knowledgesdk-webhook-token': 'wrong' }, '{}')).status).toBe(401);
  });
});

describe('an acknowledgement of its own', () => {
  const respond = (changes: Partial<NonNullable<RouteConfig['respond']>>) => ({
    respond: { status: 200, headers: [], body: null, ...changes },
  });

  test('is the answer to accepted webhooks and to duplicates', async () => {
    const hookbay = await start(respond({ status: 202, headers: [['X-A', 'b']], body: 'thänks' }));
    const accepted = await post(hookbay);
    expect([accepted.status, accepted.text, accepted.headers['x-a']]).toEqual([202, 'thänks', 'b']);
    expect(accepted.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(accepted.headers['content-length']).toBe('7');
    expect(accepted.headers['hookbay-event-id']).toBe('evt_1');
    hookbay.log.result = () => ({ kind: 'duplicate', eventId: 'evt_1', conflict: false });
    expect(await post(hookbay)).toMatchObject({ status: 202, text: 'thänks' });
    expect(hookbay.observed.map(([kind]) => kind)).toEqual(['accepted', 'duplicate']);
  });

  // biome-ignore format: a table reads by row
  test.each([
    ['JSON by its looks', { body: '{"ok":true}' }, 200, '{"ok":true}', 'application/json'],
    ['a type of its own', { body: '<ok/>', headers: [['Content-Type', 'text/xml'] as const] }, 200, '<ok/>', 'text/xml'],
    ['the standard body with another status', { status: 201 }, 201, '{"status":"accepted","eventId":"evt_1"}', 'application/json'],
    ['no body', { body: '' }, 200, '', undefined],
    ['no content', { status: 204 }, 204, '', undefined],
    ['reset content', { status: 205 }, 205, '', undefined],
  ])('%s', async (_name, changes, status, text, type) => {
    const answer = await post(await start(respond(changes)));
    expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([status, text, type]);
  });

  test('refusals are what they always are', async () => {
    const hookbay = await start(respond({ status: 202, body: 'ok' }));
    hookbay.log.result = () => ({ kind: 'unavailable', reason: 'disk_full' });
    expect(codeOf(await post(hookbay))).toBe('disk_full');
  });
});

import { createHmac, createSign, generateKeyPairSync, sign } from 'node:crypto';
import { request } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import type { HandshakeConfig, RouteConfig } from '../../src/config/types.ts';
import { Learning } from '../../src/ingest/learning.ts';
import type { PublicListenerOptions } from '../../src/ingest/listener.ts';
import type { ProviderName } from '../../src/providers/presets.ts';
import type { SenderSettings } from '../../src/providers/sender.ts';
import { PATH, providerRoute, signed, twitch, versioned } from '../support/handshakes.ts';
import { MemorySecrets, RawClient, settings, startListener } from '../support/ingest.ts';
import { createManualClock } from '../support/manual-clock.ts';

const SECRET = 'the-secret-of-the-provider';
const NOSNIFF = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };

type Running = Awaited<ReturnType<typeof startListener>>;
let running: Running | null = null;
async function start(route: RouteConfig, changes: Partial<PublicListenerOptions> = {}): Promise<Running> {
  running = await startListener({ settings: settings({}, [route]), ...changes });
  return running;
}
afterEach(async () => {
  await running?.listener.close();
  running = null;
});

const route = (provider: ProviderName, sender: SenderSettings = { secret: SECRET }, handshake: Partial<HandshakeConfig> = {}) =>
  providerRoute(provider, sender, { handshake: { verifyToken: [], topic: [], ...handshake } });

interface Sent {
  method?: 'GET' | 'POST' | 'PUT';
  query?: string;
  headers?: Record<string, string>;
  body?: string;
}

async function send(to: Running, { method = 'POST', query = '', headers = {}, body }: Sent) {
  const answer = await request(to.url + PATH + query, { method, headers, reset: true, ...(body === undefined ? {} : { body }) });
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
}

/** Answered, and nothing else happened: no event, no rejection. */
function expectHandshake(on: Running, name: string): void {
  expect(on.observed).toEqual([['handshake', name]]);
  expect([on.log.events, on.rejections]).toEqual([[], []]);
  expect(on.listener.inFlightBytes()).toBe(0);
}

function expectRefused(on: Running, reason: string): void {
  expect(on.log.events).toEqual([]);
  expect(on.rejections).toMatchObject([{ reason }]);
}

describe('before the verification', () => {
  const subscribe = (token: string) => `?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=1158201444`;

  test.each(['meta', 'whatsapp'] as const)('%s: the challenge goes back to who knows the verify token', async (provider) => {
    const hookbay = await start(route(provider, undefined, { verifyToken: ['the-verify-token'] }));
    const answer = await send(hookbay, { method: 'GET', query: subscribe('the-verify-token') });
    expect(answer).toMatchObject({ status: 200, text: '1158201444', headers: NOSNIFF });
    expectHandshake(hookbay, provider);
  });

  test('meta: another verify token gets 401, is recorded, and is not told why', async () => {
    const hookbay = await start(route('meta', undefined, { verifyToken: ['the-verify-token'] }));
    const answer = await send(hookbay, { method: 'GET', query: subscribe('another') });
    expect(answer.status).toBe(401);
    expect(answer.text).not.toMatch(/token|handshake|another/);
    expectRefused(hookbay, 'verification_failed');
  });

  test('a GET that is no handshake gets 405 with what is allowed', async () => {
    const hookbay = await start(route('meta', undefined, { verifyToken: ['the-verify-token'] }));
    const answer = await send(hookbay, { method: 'GET', query: '?page=1' });
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    expectRefused(hookbay, 'method_not_allowed');
  });

  test('a route without a GET handshake refuses GET from its head', async () => {
    const hookbay = await start(route('slack'));
    expect(await send(hookbay, { method: 'GET', query: '?challenge=x' })).toMatchObject({ status: 405 });
    expect(await send(hookbay, { method: 'PUT' })).toMatchObject({ status: 405 });
  });

  test('websub: only the configured topic', async () => {
    const hookbay = await start(route('websub', undefined, { topic: ['https://example.com/feed'] }));
    const query = (topic: string) => `?hub.mode=subscribe&hub.challenge=c1&hub.topic=${encodeURIComponent(topic)}`;
    expect(await send(hookbay, { method: 'GET', query: query('https://example.com/feed') })).toMatchObject({
      status: 200,
      text: 'c1',
    });
    expect(await send(hookbay, { method: 'GET', query: query('https://example.com/other') })).toMatchObject({ status: 401 });
  });

  test('dropbox', async () => {
    const hookbay = await start(route('dropbox'));
    const answer = await send(hookbay, { method: 'GET', query: '?challenge=%3Cscript%3E' });
    expect(answer).toMatchObject({ status: 200, text: '<script>', headers: NOSNIFF });
    expectHandshake(hookbay, 'dropbox');
  });

  test('msgraph: the token decoded; events are answered 202', async () => {
    const hookbay = await start(route('msgraph', { token: SECRET }));
    const answer = await send(hookbay, { query: '?validationToken=Validation%3A+Testing+1%262', body: '' });
    expect(answer).toMatchObject({ status: 200, text: 'Validation: Testing 1&2', headers: NOSNIFF });
    const body = JSON.stringify({ value: [{ clientState: SECRET, changeType: 'created' }] });
    expect(await send(hookbay, { body })).toMatchObject({ status: 202, text: expect.stringContaining('evt_1') });
  });

  test('okta', async () => {
    const hookbay = await start(route('okta', { token: SECRET }));
    const answer = await send(hookbay, { method: 'GET', headers: { 'x-okta-verification-challenge': 'challenge-1' } });
    expect(answer).toMatchObject({ status: 200, text: '{"verification":"challenge-1"}' });
    expect(answer.headers['content-type']).toBe('application/json');
    expectHandshake(hookbay, 'okta');
  });

  test('x: the token is signed, and what was signed is no event', async () => {
    const hookbay = await start(route('x'));
    const token = 'MGNjMmYyZGMtYjQ4';
    const answer = await send(hookbay, { method: 'GET', query: `?crc_token=${token}&nonce=1` });
    const { response_token: proof } = JSON.parse(answer.text) as { response_token: string };
    expect(proof).toBe(`sha256=${createHmac('sha256', SECRET).update(token).digest('base64')}`);
    expectHandshake(hookbay, 'x');
    const forged = await send(hookbay, { headers: { 'x-twitter-webhooks-signature': proof }, body: token });
    expect(forged.status).toBe(401);
    const body = '{"for_user_id":"1"}';
    const headers = signed('x-twitter-webhooks-signature', SECRET, body, { encoding: 'base64', prefix: 'sha256=' });
    expect(await send(hookbay, { headers, body })).toMatchObject({ status: 200 });
  });

  test.each(['?challenge=', `?challenge=${'a'.repeat(1025)}`, '?challenge=a%0d%0aSet-Cookie:%20a=b', '?challenge=a&challenge=b'])(
    'a challenge that no provider sends is refused: %s',
    async (query) => {
      const hookbay = await start(route('dropbox'));
      const answer = await send(hookbay, { method: 'GET', query });
      expect(answer.status).toBe(400);
      expect(answer.headers['set-cookie']).toBeUndefined();
      expectRefused(hookbay, 'handshake_refused');
    },
  );
});

describe('after the verification', () => {
  test('slack', async () => {
    const hookbay = await start(route('slack'));
    const body = JSON.stringify({ type: 'url_verification', challenge: '3eZbrw1aBm2rZgRNFdxV' });
    expect(await send(hookbay, { body })).toMatchObject({ status: 401 });
    const answer = await send(hookbay, { body, headers: versioned('x-slack', SECRET, body) });
    expect(answer).toMatchObject({ status: 200, text: '3eZbrw1aBm2rZgRNFdxV', headers: NOSNIFF });
    expect(hookbay.log.events).toEqual([]);
  });

  test.each([0, 1])('zoom: the answer is made with the secret that Zoom has, number %i', async (used) => {
    const secrets = ['the-new-zoom-secret', 'the-old-zoom-secret'];
    const hookbay = await start(route('zoom', { secret: secrets }));
    const body = JSON.stringify({ event: 'endpoint.url_validation', payload: { plainToken: 'qgg8vlvZRS6UYooatFL8Aw' } });
    const secret = secrets[used] ?? '';
    const answer = await send(hookbay, { body, headers: versioned('x-zm', secret, body) });
    const encryptedToken = createHmac('sha256', secret).update('qgg8vlvZRS6UYooatFL8Aw').digest('hex');
    expect(JSON.parse(answer.text)).toEqual({ plainToken: 'qgg8vlvZRS6UYooatFL8Aw', encryptedToken });
    expectHandshake(hookbay, 'zoom');
  });

  test('discord: pings are answered, probes with bad signatures get 401, events are stored', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
    const hookbay = await start(route('discord', { publicKey: raw }));
    const timestamp = String(Math.floor(Date.now() / 1000));
    const headers = (body: string) => ({
      'x-signature-ed25519': sign(null, Buffer.from(timestamp + body), privateKey).toString('hex'),
      'x-signature-timestamp': timestamp,
    });
    const ping = '{"id":"1","application_id":"2","type":1,"token":"t","version":1}';
    expect(await send(hookbay, { body: ping, headers: headers('other') })).toMatchObject({ status: 401 });
    expect(await send(hookbay, { body: ping, headers: headers(ping) })).toMatchObject({ status: 200, text: '{"type":1}' });
    const webhookPing = '{"version":1,"application_id":"2","type":0}';
    expect(await send(hookbay, { body: webhookPing, headers: headers(webhookPing) })).toMatchObject({ status: 204, text: '' });
    expect(hookbay.log.events).toEqual([]);
    const event = '{"version":1,"application_id":"2","type":1,"event":{"type":"ENTITLEMENT_CREATE"}}';
    expect((await send(hookbay, { body: event, headers: headers(event) })).status).toBeLessThan(300);
    expect(hookbay.log.events).toHaveLength(1);
  });

  test('twitch', async () => {
    const hookbay = await start(route('twitch'));
    const body = JSON.stringify({ challenge: 'pogchamp-kappa-360noscope-vohiyo', subscription: {} });
    const headers = twitch(SECRET, 'webhook_callback_verification', body);
    const answer = await send(hookbay, { body, headers });
    expect(answer).toMatchObject({ status: 200, text: 'pogchamp-kappa-360noscope-vohiyo' });
    expectHandshake(hookbay, 'twitch');
  });

  test('xero: the intent to receive, events and refusals have no body and no cookies', async () => {
    const hookbay = await start(route('xero'));
    const intent = '{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"S0m3r4Nd0mt3xt"}';
    const headers = (body: string) => signed('x-xero-signature', SECRET, body, { encoding: 'base64' });
    const good = await send(hookbay, { body: intent, headers: headers(intent) });
    expect(good).toMatchObject({ status: 200, text: '', headers: { 'content-length': '0' } });
    expectHandshake(hookbay, 'xero');
    const bad = await send(hookbay, { body: intent, headers: headers('other') });
    expect(bad).toMatchObject({ status: 401, text: '' });
    const body = '{"events":[{"eventType":"CREATE"}]}';
    const event = await send(hookbay, { body, headers: headers(body) });
    expect(event).toMatchObject({ status: 200, text: '' });
    for (const answer of [good, bad, event]) expect(answer.headers).not.toHaveProperty('set-cookie');
    expect(hookbay.log.events).toHaveLength(1);
  });

  test('intercom: a ping', async () => {
    const hookbay = await start(route('intercom'));
    const body = '{"type":"notification_event","topic":"ping"}';
    const headers = signed('x-hub-signature', SECRET, body, { algorithm: 'sha1', prefix: 'sha1=' });
    expect(await send(hookbay, { body, headers })).toMatchObject({ status: 200, text: '' });
    expectHandshake(hookbay, 'intercom');
  });
});

describe('sns', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keys = { known: () => ({ keys: [publicKey], mayHaveChanged: false }), load: () => Promise.resolve(false) };
  const HOST = 'https://sns.us-west-2.amazonaws.com';

  function message(Type: string, SubscribeURL: string): string {
    const fields: Record<string, string> = {
      Message: 'You have chosen to subscribe',
      MessageId: '165545c9-2a5c-472c-8df2-7ff2be2b3b1b',
      SubscribeURL,
      Timestamp: new Date().toISOString(),
      Token: '2336412f37',
      TopicArn: 'arn:aws:sns:us-west-2:123456789012:MyTopic',
      Type,
    };
    const text = Object.entries(fields).map(([name, value]) => `${name}\n${value}\n`);
    const Signature = createSign('RSA-SHA256').update(text.join('')).sign(privateKey, 'base64');
    return JSON.stringify({
      ...fields,
      Signature,
      SignatureVersion: '2',
      SigningCertURL: `${HOST}/SimpleNotificationService-1.pem`,
    });
  }

  async function startSns(result: { kind: 'confirmed' } | { kind: 'failed'; reason: string } = { kind: 'confirmed' }) {
    const fetched: string[] = [];
    const confirm = (url: string) => {
      fetched.push(url);
      return Promise.resolve(result);
    };
    return { hookbay: await start(route('sns', {}), { keys, confirmation: { confirm } }), fetched };
  }

  const CONFIRM = `${HOST}/?Action=ConfirmSubscription&Token=2336412f37`;

  test('a subscription is confirmed before it is answered', async () => {
    const { hookbay, fetched } = await startSns();
    expect(await send(hookbay, { body: message('SubscriptionConfirmation', CONFIRM) })).toMatchObject({ status: 200, text: '' });
    expect(fetched).toEqual([CONFIRM]);
    expectHandshake(hookbay, 'sns');
  });

  test('a confirmation that fails is the sender’s to try again', async () => {
    const { hookbay } = await startSns({ kind: 'failed', reason: 'it was answered 403' });
    const answer = await send(hookbay, { body: message('SubscriptionConfirmation', CONFIRM) });
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '10' } });
    expectRefused(hookbay, 'confirmation_failed');
    expect(JSON.stringify(hookbay.rejections)).not.toContain('2336412f37');
  });

  test('nothing is fetched from another host, and nothing for a forged message', async () => {
    const { hookbay, fetched } = await startSns();
    const elsewhere = message('SubscriptionConfirmation', 'https://evil.example/?Action=ConfirmSubscription');
    expect(await send(hookbay, { body: elsewhere })).toMatchObject({ status: 400 });
    const forged = message('SubscriptionConfirmation', CONFIRM).replace('MyTopic', 'Other');
    expect(await send(hookbay, { body: forged })).toMatchObject({ status: 401 });
    expect(fetched).toEqual([]);
  });

  test('an unsubscription is acknowledged and not taken back', async () => {
    const { hookbay, fetched } = await startSns();
    expect(await send(hookbay, { body: message('UnsubscribeConfirmation', CONFIRM) })).toMatchObject({ status: 200 });
    expect(fetched).toEqual([]);
    expectHandshake(hookbay, 'sns');
  });
});

describe('secrets that senders hand over', () => {
  const ASANA = 'b537207f20cbfa02357cf448134da559';
  const NOTION = 'secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl';

  async function startLearning(provider: 'asana' | 'notion', store = new MemorySecrets()) {
    const clock = createManualClock();
    const learning = new Learning({ store, clock, hide: () => undefined });
    return { hookbay: await start(route(provider, {}), { learning }), learning, clock, store };
  }
  const handOver = (hookbay: Running, secret = ASANA) => send(hookbay, { headers: { 'x-hook-secret': secret }, body: '{}' });
  const notionToken = (hookbay: Running) => send(hookbay, { body: JSON.stringify({ verification_token: NOTION }) });
  const event = (hookbay: Running, secret: string) => {
    const body = '{"events":[{"action":"changed"}]}';
    return send(hookbay, { body, headers: signed('x-hook-signature', secret, body) });
  };

  test('asana: an armed route echoes the secret, keeps it, and verifies with it from then on', async () => {
    const { hookbay, learning, store } = await startLearning('asana');
    expect((await event(hookbay, ASANA)).status).toBe(401);
    learning.arm('asana', 60_000);
    const answer = await handOver(hookbay);
    expect(answer).toMatchObject({ status: 200, text: '', headers: { 'x-hook-secret': ASANA } });
    expect(store.learned).toMatchObject([{ route: 'asana', secret: ASANA }]);
    expect(hookbay.observed.at(-1)).toEqual(['handshake', 'asana']);
    expect((await event(hookbay, ASANA)).status).toBe(200);
    expect((await event(hookbay, 'another-secret')).status).toBe(401);
    expect(JSON.stringify(hookbay.lines)).not.toContain(ASANA);
  });

  test('asana: a second secret needs another window; then both count', async () => {
    const { hookbay, learning } = await startLearning('asana');
    learning.arm('asana', 60_000);
    await handOver(hookbay);
    expect((await handOver(hookbay, 'the-secret-of-another-webhook')).status).toBe(401);
    learning.arm('asana', 60_000);
    expect((await handOver(hookbay, 'the-secret-of-another-webhook')).status).toBe(200);
    for (const secret of [ASANA, 'the-secret-of-another-webhook']) expect((await event(hookbay, secret)).status).toBe(200);
  });

  test('what is learned outlives a reload', async () => {
    const { hookbay, learning } = await startLearning('asana');
    learning.arm('asana', 60_000);
    await handOver(hookbay);
    hookbay.listener.configure(settings({}, [route('asana', {})]));
    expect((await event(hookbay, ASANA)).status).toBe(200);
    await learning.forget('asana');
    expect((await event(hookbay, ASANA)).status).toBe(401);
  });

  test.each([
    ['asana', (hookbay: Running) => handOver(hookbay), ASANA],
    ['notion', notionToken, NOTION],
  ] as const)('%s: without a window 401, recorded without the secret, with what to do', async (provider, offer, secret) => {
    const { hookbay, store } = await startLearning(provider);
    const answer = await offer(hookbay);
    expect(answer.status).toBe(401);
    expect(answer.headers).not.toHaveProperty('x-hook-secret');
    expect(hookbay.rejections).toMatchObject([
      { route: provider, reason: 'verification_failed', explanation: expect.stringContaining(`hookbay arm ${provider}`) },
    ]);
    expect(JSON.stringify([hookbay.rejections, hookbay.lines, hookbay.observed])).not.toContain(secret);
    expect(store.learned).toEqual([]);
  });

  test('a window that is over is none', async () => {
    const { hookbay, learning, clock } = await startLearning('asana');
    learning.arm('asana', 60_000);
    await clock.advance(60_000);
    expect((await handOver(hookbay)).status).toBe(401);
  });

  test('notion: the token is kept for the operator, and signs from then on', async () => {
    const { hookbay, learning } = await startLearning('notion');
    learning.arm('notion', 60_000);
    expect(await notionToken(hookbay)).toMatchObject({ status: 200, text: '' });
    expect(learning.recentSecret('notion')).toBe(NOTION);
    const body = '{"id":"1","type":"page.created"}';
    const headers = signed('x-notion-signature', NOTION, body, { prefix: 'sha256=' });
    expect(await send(hookbay, { body, headers })).toMatchObject({ status: 200 });
    expect(hookbay.log.events).toHaveLength(1);
  });

  test('a secret that cannot be stored is not echoed', async () => {
    const store = new MemorySecrets();
    store.failing = true;
    const { hookbay, learning } = await startLearning('asana', store);
    learning.arm('asana', 60_000);
    const answer = await handOver(hookbay);
    expect(answer.status).toBe(503);
    expect(answer.headers).not.toHaveProperty('x-hook-secret');
    expect(learning.view('asana').armedUntil).not.toBeNull();
  });

  test('two secrets in one request are none', async () => {
    const { hookbay, learning } = await startLearning('asana');
    learning.arm('asana', 60_000);
    const lines = [
      `POST ${PATH} HTTP/1.1`,
      'Host: a',
      'X-Hook-Secret: secret-one',
      'X-Hook-Secret: secret-two',
      'Content-Length: 0',
    ];
    await new RawClient(hookbay.port).send(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`).until('handshake_refused');
    expect(learning.view('asana').hasSecret).toBe(false);
  });
});

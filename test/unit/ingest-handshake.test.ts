import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HeaderList } from '../../src/domain/event.ts';
import { type HandshakeStep, handshakeRules, isProvable, recognise } from '../../src/ingest/handshake.ts';
import { received } from '../support/ingest.ts';

const SECRET = 'the-newest-secret';
const CONFIG = { verifyToken: ['old-verify-token', 'verify-token'], topic: ['https://example.com/feed'] };
const TEXT = ['content-type', 'text/plain; charset=utf-8', 'x-content-type-options', 'nosniff', 'cache-control', 'no-store'];
const JSON_TYPE = ['content-type', 'application/json', ...TEXT.slice(2)];

interface Sent {
  method?: string;
  query?: string;
  headers?: HeaderList;
  body?: unknown;
}

/** What the handshakes of a provider make of a request, in both stages. */
function steps(
  provider: string,
  { method = 'POST', query = '', headers = [], body }: Sent,
  config = CONFIG,
  secret: string | null = SECRET,
) {
  const rules = handshakeRules(provider, config, () => secret);
  const request = received(headers, body === undefined ? '' : JSON.stringify(body), { method, query });
  return { before: recognise(request, rules.before), after: recognise(request, rules.after) };
}

const text = (body: string): HandshakeStep => ({ kind: 'answer', answer: { status: 200, headers: TEXT, body } });
const json = (body: object): HandshakeStep => ({
  kind: 'answer',
  answer: { status: 200, headers: JSON_TYPE, body: JSON.stringify(body) },
});
const empty = (status: number): HandshakeStep => ({ kind: 'answer', answer: { status, headers: [], body: '' } });
const proof = (token: string, encoding: 'hex' | 'base64') => createHmac('sha256', SECRET).update(token).digest(encoding);
const get = (query: string): Sent => ({ method: 'GET', query });
const SUBSCRIBE = 'hub.mode=subscribe&hub.challenge=1158201444';
const MICROSOFT = 'Validation: Testing client application reachability for subscription Request-Id: 522a8e7e-096a-494c';

describe('every handshake', () => {
  const before: [string, Sent, HandshakeStep][] = [
    ['meta', get(`${SUBSCRIBE}&hub.verify_token=verify-token`), text('1158201444')],
    ['whatsapp', get(`${SUBSCRIBE}&hub.verify_token=old-verify-token`), text('1158201444')],
    ['websub', get(`${SUBSCRIBE}&hub.topic=https%3A%2F%2Fexample.com%2Ffeed&hub.lease_seconds=60`), text('1158201444')],
    ['dropbox', get('challenge=abc-123_x'), text('abc-123_x')],
    ['msgraph', { query: `validationToken=${encodeURIComponent(MICROSOFT).replaceAll('%20', '+')}` }, text(MICROSOFT)],
    ['okta', { method: 'GET', headers: [['X-Okta-Verification-Challenge', 'v"1']] }, json({ verification: 'v"1' })],
    ['x', get('crc_token=MGNjMmYy-NGQ0&nonce=1'), json({ response_token: `sha256=${proof('MGNjMmYy-NGQ0', 'base64')}` })],
    [
      'asana',
      { headers: [['X-Hook-Secret', 'b537207f20cbfa02357cf448134da559']] },
      {
        kind: 'learn',
        secret: 'b537207f20cbfa02357cf448134da559',
        answer: { status: 200, headers: ['X-Hook-Secret', 'b537207f20cbfa02357cf448134da559'], body: '' },
      },
    ],
    [
      'notion',
      { body: { verification_token: 'secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl' } },
      {
        kind: 'learn',
        secret: 'secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl',
        answer: { status: 200, headers: [], body: '' },
      },
    ],
  ];
  test.each(before)('%s, before the verification: %j', (provider, sent, step) => {
    expect(steps(provider, sent)).toEqual({ before: step, after: { kind: 'none' } });
  });

  const CONFIRM_URL = 'https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn&Token=233';
  const after: [string, Sent, HandshakeStep][] = [
    [
      'slack',
      { body: { token: 't', challenge: '3eZbrw1aBm2rZgRNFdxV', type: 'url_verification' } },
      text('3eZbrw1aBm2rZgRNFdxV'),
    ],
    [
      'zoom',
      { body: { event: 'endpoint.url_validation', payload: { plainToken: 'qgg8vlvZRS6UYooatFL8Aw' } } },
      json({ plainToken: 'qgg8vlvZRS6UYooatFL8Aw', encryptedToken: proof('qgg8vlvZRS6UYooatFL8Aw', 'hex') }),
    ],
    ['discord', { body: { id: '1', application_id: '2', type: 1, token: 'a', version: 1 } }, json({ type: 1 })],
    ['discord', { body: { version: 1, application_id: '2', type: 0 } }, empty(204)],
    [
      'twitch',
      { headers: [['Twitch-Eventsub-Message-Type', 'webhook_callback_verification']], body: { challenge: 'pogchamp-kappa-360' } },
      text('pogchamp-kappa-360'),
    ],
    ['xero', { body: { events: [], firstEventSequence: 0, lastEventSequence: 0, entropy: 'S0m3r4Nd0mt3xt' } }, empty(200)],
    ['intercom', { body: { type: 'notification_event', topic: 'ping' } }, empty(200)],
    [
      'sns',
      { body: { Type: 'SubscriptionConfirmation', SubscribeURL: CONFIRM_URL } },
      { kind: 'confirm', url: CONFIRM_URL, answer: { status: 200, headers: [], body: '' } },
    ],
    // To fetch this URL would take the unsubscription back.
    ['sns', { body: { Type: 'UnsubscribeConfirmation', SubscribeURL: CONFIRM_URL } }, empty(200)],
  ];
  test.each(after)('%s, after the verification: %j', (provider, sent, step) => {
    expect(steps(provider, sent)).toEqual({ before: { kind: 'none' }, after: step });
  });
});

describe('events are no handshakes', () => {
  test.each<[string, Sent]>([
    ['slack', { body: { type: 'event_callback', challenge: 'x' } }],
    ['discord', { body: { version: 1, application_id: '2', type: 1, event: { type: 'ENTITLEMENT_CREATE' } } }],
    ['discord', { body: { type: 2 } }],
    ['discord', { body: {} }],
    ['twitch', { headers: [['Twitch-Eventsub-Message-Type', 'notification']], body: { challenge: 'x' } }],
    ['zoom', { body: { event: 'meeting.started', payload: { plainToken: 'x' } } }],
    ['xero', { body: { events: [{ eventType: 'CREATE' }] } }],
    ['xero', { body: { events: {} } }],
    ['intercom', { body: { topic: 'contact.created' } }],
    ['sns', { body: { Type: 'Notification', SubscribeURL: 'https://sns.us-west-2.amazonaws.com/' } }],
    [
      'asana',
      {
        headers: [
          ['X-Hook-Signature', 'aa'],
          ['X-Hook-Secret', 'secret-secret'],
        ],
        body: { events: [] },
      },
    ],
    ['notion', { headers: [['X-Notion-Signature', 'sha256=aa']], body: { verification_token: 'secret-secret' } }],
    ['meta', { query: `${SUBSCRIBE}&hub.verify_token=verify-token`, body: { object: 'page' } }],
    ['meta', get('hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=verify-token')],
    ['websub', get('hub.mode=unsubscribe&hub.challenge=1&hub.topic=https%3A%2F%2Fexample.com%2Ffeed')],
    ['okta', { headers: [['X-Okta-Verification-Challenge', 'v']] }],
    ['msgraph', get('validationToken=x')],
    ['stripe', { body: { type: 'url_verification', challenge: 'x' } }],
    ['constructor', {}],
  ])('%s: %j', (provider, sent) => {
    expect(steps(provider, sent)).toEqual({ before: { kind: 'none' }, after: { kind: 'none' } });
  });
});

describe('who must know something', () => {
  test.each<[string, Sent]>([
    ['meta', get(`${SUBSCRIBE}&hub.verify_token=verify-toke`)],
    ['meta', get(`${SUBSCRIBE}&hub.verify_token=`)],
    ['meta', get(SUBSCRIBE)],
    ['meta', get(`${SUBSCRIBE}&hub.verify_token=verify-token&hub.verify_token=other`)],
    ['websub', get(`${SUBSCRIBE}&hub.topic=https%3A%2F%2Fexample.com%2Fother`)],
  ])('%s is refused when it does not: %j', (provider, sent) => {
    expect(steps(provider, sent).before).toMatchObject({ kind: 'refuse', code: 'verification_failed' });
  });

  test('and refused when nothing is configured, with words that say so', () => {
    const { before } = steps('meta', get(`${SUBSCRIBE}&hub.verify_token=`), { verifyToken: [], topic: [] });
    expect(before).toMatchObject({ kind: 'refuse', explanation: expect.stringContaining('handshake.verifyToken') });
  });

  test('a proof without a secret is refused', () => {
    expect(steps('x', get('crc_token=abc'), CONFIG, null).before).toMatchObject({ code: 'verification_failed' });
  });
});

describe('hostile challenges', () => {
  const hostile = ['', 'a'.repeat(1025), 'a\r\nSet-Cookie: b=c', 'a\nb', 'a\0b', 'é', '\u2028', '\x7f', '\t'];
  test.each(hostile)('%j is not reflected', (challenge) => {
    const query = new URLSearchParams({ challenge }).toString();
    expect(steps('dropbox', get(query)).before).toMatchObject({ kind: 'refuse', code: 'handshake_refused' });
    expect(steps('slack', { body: { type: 'url_verification', challenge } }).after).toMatchObject({ code: 'handshake_refused' });
  });

  test('two different challenges are none', () => {
    expect(steps('dropbox', get('challenge=a&challenge=b')).before).toMatchObject({ code: 'handshake_refused' });
    const headers: HeaderList = [
      ['X-Hook-Secret', 'secret-one'],
      ['x-hook-secret', 'secret-two'],
    ];
    expect(steps('asana', { headers }).before).toMatchObject({ code: 'handshake_refused' });
  });

  test.each([{ a: 1 }, ['x'], null, true])('a challenge %j is none', (challenge) => {
    expect(steps('slack', { body: { type: 'url_verification', challenge } }).after).toMatchObject({ code: 'handshake_refused' });
  });

  test('markup goes back as text that no browser takes for anything else', () => {
    const step = steps('dropbox', get('challenge=%3Cscript%3Ealert(1)%3C%2Fscript%3E')).before;
    expect(step).toEqual(text('<script>alert(1)</script>'));
  });

  test('nothing that comes in makes a header that a response cannot carry, or a body of another kind', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (challenge) => {
        const query = new URLSearchParams({ challenge, validationToken: challenge, crc_token: challenge }).toString();
        for (const provider of ['dropbox', 'msgraph', 'x', 'okta']) {
          const sent = { method: provider === 'msgraph' ? 'POST' : 'GET', query };
          const step = steps(provider, sent).before;
          if (step.kind !== 'answer') continue;
          expect(step.answer.headers).toContain('nosniff');
          expect(step.answer.body).toMatch(/^[\x20-\x7e]+$/);
        }
      }),
    );
  });

  test.each(['short', 'with space in it', 'x'.repeat(513)])('%j is no secret to be learned', (secret) => {
    expect(steps('notion', { body: { verification_token: secret } }).before).toMatchObject({ code: 'handshake_refused' });
  });
});

describe('proofs', () => {
  test.each(['{"a":1}', 'v0:1700000000:{}', 'a b', 'a:b', '', 'x'.repeat(257)])('%j is not signed for anybody', (token) => {
    const query = new URLSearchParams({ crc_token: token }).toString();
    expect(steps('x', get(query)).before).toMatchObject({ code: 'handshake_refused' });
    const body = { event: 'endpoint.url_validation', payload: { plainToken: token } };
    expect(steps('zoom', { body }).after).toMatchObject({ code: 'handshake_refused' });
  });

  test('what can be signed for anybody is told from an event', () => {
    expect(handshakeRules('x', CONFIG, () => SECRET).provesToAnybody).toBe(true);
    expect(handshakeRules('zoom', CONFIG, () => SECRET).provesToAnybody).toBe(false);
    expect(isProvable(Buffer.from('MGNjMmYy-NGQ0'))).toBe(true);
    for (const event of ['{"for_user_id":"1"}', '[]', '"a"', '', '{}']) expect(isProvable(Buffer.from(event))).toBe(false);
  });
});

describe('confirmations', () => {
  test.each([
    'http://sns.us-west-2.amazonaws.com/?a=1',
    'https://sns.us-west-2.amazonaws.com:8443/',
    'https://user@sns.us-west-2.amazonaws.com/',
    'https://sns.us-west-2.amazonaws.com.evil.example/',
    'https://sns.us-west-2.amazonaws.com@evil.example/',
    'https://evil.example/sns.us-west-2.amazonaws.com',
    'https://xsns.us-west-2.amazonaws.com/',
    'https://s3.us-west-2.amazonaws.com/',
    'https://sns.a.b.amazonaws.com/',
    'https://127.0.0.1/',
    'file:///etc/passwd',
    'nonsense',
  ])('%s is not fetched', (SubscribeURL) => {
    const step = steps('sns', { body: { Type: 'SubscriptionConfirmation', SubscribeURL } }).after;
    expect(step.kind === 'confirm' ? new URL(step.url).hostname : step).toMatchObject({
      kind: 'refuse',
      code: 'handshake_refused',
    });
  });

  test('China has a domain of its own', () => {
    const SubscribeURL = 'https://sns.cn-north-1.amazonaws.com.cn/?Action=ConfirmSubscription';
    expect(steps('sns', { body: { Type: 'SubscriptionConfirmation', SubscribeURL } }).after).toMatchObject({ kind: 'confirm' });
  });
});

import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { request as send } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RouteConfig } from '../../src/config/types.ts';
import { CREDENTIAL_MARK } from '../../src/domain/credential-mark.ts';
import type { OutgoingRequest } from '../../src/providers/draft.ts';
import { type ProviderName, presetOf } from '../../src/providers/presets.ts';
import { senderOf } from '../../src/providers/sender.ts';
import { RawClient, routeConfig, settings, startListener } from '../support/ingest.ts';
import { MemoryKeys } from '../support/memory-keys.ts';
import { NAMED_CASES, type NamedCase, signed } from '../support/provider-cases/cases.ts';
import { CERTIFIED, ED25519 } from '../support/provider-cases/key-pairs.ts';
import { changeAt } from '../support/provider-cases/places.ts';
import { FAL_KEYS, PAYPAL_CERT, SNS_CERT } from '../support/provider-cases/public-keys.ts';
import { PUBLIC_URL } from '../support/provider-cases/shared-secret.ts';

/** Fetched when they are asked for, as in a relay that has just started. */
const fetchable = () =>
  new MemoryKeys({
    [FAL_KEYS]: JSON.stringify({ keys: [ED25519.first.publicKey.export({ format: 'jwk' })] }),
    [`${PAYPAL_CERT}first`]: CERTIFIED.first.certificate,
    [`${SNS_CERT}first.pem`]: CERTIFIED.first.certificate,
  });

const nameOf = ({ provider, place }: NamedCase): string => `${provider}-${place.replace(/[^a-z]/g, '-')}`;
const pathOf = (each: NamedCase): string => `/webhooks/${nameOf(each)}`;

function route(each: NamedCase): RouteConfig {
  const sender = senderOf(each.provider, each.configure(['first']).settings);
  return routeConfig({ name: nameOf(each), path: pathOf(each), verify: sender });
}

function caseOf(provider: ProviderName): NamedCase {
  const found = NAMED_CASES.find((each) => each.provider === provider);
  if (found === undefined) throw new Error(`there is no case for ${provider}`);
  return found;
}

let hookbay: Awaited<ReturnType<typeof startListener>>;
const start = async (each: NamedCase): Promise<void> => {
  hookbay = await startListener({ settings: settings({}, [route(each)]), keys: fetchable() });
};
afterEach(() => hookbay.listener.close());

/** Signed for the route's own path, now. */
function proven(each: NamedCase, which: 'first' | 'stranger' = 'first', now = Math.floor(Date.now() / 1000) * 1000) {
  return each.sign({ ...signed(each, which, now), path: pathOf(each) }, which, now);
}

async function post({ headers, path, query, body }: OutgoingRequest): Promise<number> {
  const answer = await send(`${hookbay.url}${path}?${query}`, { method: 'POST', headers, body, reset: true });
  await answer.body.dump();
  return answer.statusCode;
}

/** Some providers want another 2xx. */
const goodStatus = ({ provider }: NamedCase): number => presetOf(provider).reply?.ok ?? 200;

const secretsOf = (each: NamedCase): string[] => {
  const { token = [], secret = [], hmac = [], password = [] } = each.configure(['first']).settings;
  return [token, secret, hmac, password].flat();
};

describe.each(NAMED_CASES)('$name over HTTP', (each) => {
  const { auth, type } = presetOf(each.provider);
  beforeEach(() => start(each));

  test('a good request is stored as it came, but for a credential in its head', async () => {
    const request = proven(each);
    expect(await post(request)).toBe(goodStatus(each));
    expect(hookbay.log.events).toHaveLength(1);
    const event = hookbay.log.events[0]?.event;
    expect(event?.route).toBe(nameOf(each));
    expect(event?.body.equals(request.body)).toBe(true);
    expect(event?.type === null).toBe(type.length === 0);
    const { kind } = auth.find((scheme) => 'from' in scheme && scheme.from === each.place) ?? auth[0];
    const isSentAlong = (kind === 'token' || kind === 'basic') && !each.place.startsWith('body:');
    const head = JSON.stringify([event?.headers, event?.query]);
    for (const secret of secretsOf(each)) expect(head).not.toContain(secret);
    if (!isSentAlong) {
      const sent = new Map(event?.headers.map(([name, value]) => [name.toLowerCase(), value]));
      for (const [name, value] of Object.entries(request.headers)) expect(sent.get(name), name).toBe(value);
      expect(event?.query).toBe(request.query);
    } else if (each.place.startsWith('header:')) {
      const name = each.place.slice('header:'.length);
      expect(event?.headers.filter(([raw]) => raw.toLowerCase() === name).map(([, value]) => value)).toEqual([CREDENTIAL_MARK]);
    } else {
      expect(new URLSearchParams(event?.query).get('token')).toBe(CREDENTIAL_MARK);
    }
  });

  test('of bad ones nothing is stored, and no secret is told', async () => {
    const request = proven(each);
    const bad = [
      proven(each, 'stranger'),
      changeAt(request, each.place, () => null),
      changeAt(request, each.place, (text) => text.slice(0, text.length / 2)),
    ];
    for (const one of bad) expect(await post(one)).toBe(401);
    expect(hookbay.log.events).toEqual([]);
    expect(hookbay.rejections.map(({ reason }) => reason)).toEqual(bad.map(() => 'verification_failed'));
    const told = JSON.stringify(hookbay.rejections.map(({ explanation, headers }) => [explanation, headers]));
    for (const secret of secretsOf(each)) expect(told).not.toContain(secret);
  });
});

describe('over HTTP', () => {
  test('Twilio may have signed the usual port, and the Host header changes nothing', async () => {
    const each = caseOf('twilio');
    await start(each);
    const request = proven(each);
    const fields = new URLSearchParams(request.body.toString());
    const signature = (base: string): string =>
      getExpectedTwilioSignature('a first secret', `${base}${request.path}?${request.query}`, Object.fromEntries(fields));
    const signedFor = (base: string, more: Record<string, string> = {}) =>
      post({ ...request, headers: { ...request.headers, ...more, 'x-twilio-signature': signature(base) } });
    expect(await signedFor(PUBLIC_URL)).toBe(200);
    expect(await signedFor(`${PUBLIC_URL}:443`)).toBe(200);
    expect(await signedFor(PUBLIC_URL, { host: 'other.example', 'x-forwarded-host': 'other.example' })).toBe(200);
    expect(await signedFor(`${PUBLIC_URL}:8443`)).toBe(401);
    expect(await signedFor('https://other.example', { host: 'other.example' })).toBe(401);
    expect(await signedFor(hookbay.url)).toBe(401);
    expect(await post({ ...request, query: `${request.query}&more=1` })).toBe(401);
    expect(hookbay.log.events).toHaveLength(3);
  });

  test('a signature that comes twice with different values is refused', async () => {
    const each = caseOf('github');
    await start(each);
    const { headers, body, path } = proven(each);
    const line = (signature: string): string => `X-Hub-Signature-256: ${signature}\r\n`;
    const right = headers['x-hub-signature-256'] ?? '';
    const statusOf = async (lines: string): Promise<string> => {
      const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}\r\n${lines}\r\n`;
      const client = new RawClient(hookbay.port).send(Buffer.concat([Buffer.from(head), body]));
      await client.closed;
      return client.received.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length);
    };
    const wrong = `sha256=${'0'.repeat(64)}`;
    expect(await statusOf(line(right) + line(wrong))).toBe('401');
    expect(await statusOf(line(wrong) + line(right))).toBe('401');
    expect(await statusOf(line(right) + line(right))).toBe('200');
    expect(hookbay.log.events).toHaveLength(1);
  });

  test.each(['adyen', 'msgraph'] as const)('%s: one wrong item of several spoils the request', async (provider) => {
    const each = caseOf(provider);
    await start(each);
    const [list, field] =
      provider === 'adyen' ? ['notificationItems', '.NotificationRequestItem.pspReference'] : ['value', '.clientState'];
    const request = proven(each);
    const items = (JSON.parse(request.body.toString()) as Record<string, unknown[]>)[list] ?? [];
    const doubled = { ...request, body: Buffer.from(JSON.stringify({ [list]: [...items, ...items] })) };
    expect(await post(doubled)).toBe(goodStatus(each));
    for (const item of [0, 1]) expect(await post(changeAt(doubled, `body:${list}.${item}${field}`, () => 'x'))).toBe(401);
    expect(await post({ ...request, body: Buffer.from(`{"${list}":[]}`) })).toBe(401);
    expect(hookbay.log.events).toHaveLength(1);
  });

  test('without the key of its provider a request is neither taken nor refused for good', async () => {
    const each = caseOf('paypal');
    await start(each);
    const request = proven(each);
    const other = { ...request.headers, 'paypal-cert-url': `${PAYPAL_CERT}unknown` };
    expect(await post({ ...request, headers: other })).toBe(503);
    expect(await post({ ...request, headers: { ...other, 'paypal-cert-url': 'https://example.com/x' } })).toBe(401);
    expect(hookbay.log.events).toEqual([]);
  });
});

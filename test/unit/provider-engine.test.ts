import { createHash, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CREDENTIAL_MARK } from '../../src/domain/credential-mark.ts';
import type { HeaderList } from '../../src/domain/event.ts';
import { keyRule } from '../../src/ingest/dedup-key.ts';
import type { OutgoingRequest } from '../../src/providers/draft.ts';
import { PROVIDER_NAMES, presetOf } from '../../src/providers/presets.ts';
import { sampleRequest } from '../../src/providers/sample.ts';
import { customSender, type Sender, senderOf } from '../../src/providers/sender.ts';
import { isSignable, signRequest } from '../../src/providers/sign.ts';
import { parseSignatures } from '../../src/providers/signature.ts';
import { received } from '../support/ingest.ts';
import { arrived, judge, type ProviderRequest, trialSender, verdictOn } from '../support/providers.ts';

const NOW = Date.UTC(2026, 2, 20, 14, 30);
const OLD_MS = 86_400_000 * 30;

const signable = PROVIDER_NAMES.filter((name) => isSignable(presetOf(name)));

function signed(sender: Sender, at = NOW): OutgoingRequest {
  return signRequest(sender, { ...sampleRequest(sender, at), path: '/hook', query: 'a=%2Fb' }, at);
}

describe.each(signable)('%s', (provider) => {
  const sender = trialSender(provider);

  test('what is signed for it is taken, and by no other secret', () => {
    const request = arrived(signed(sender), NOW);
    expect(judge(sender, request)).toBe('verified');
    expect(judge(trialSender(provider, 'another-secret'), request)).toMatch(/does not match/);
  });

  test('a second secret is taken as well', () => {
    const both = trialSender(provider, 'first-secret');
    const credentials = both.credentials.map((each, i) => ({
      ...each,
      secrets: [...each.secrets, ...(sender.credentials[i]?.secrets ?? [])],
    }));
    expect(judge({ ...both, credentials }, arrived(signed(sender), NOW))).toBe('verified');
  });

  test('a sample has a key and a type where the preset says where they are', () => {
    const { headers, body, query } = signed(sender);
    const request = received(Object.entries(headers), body, { query, contentType: headers['content-type'] ?? null });
    const key = keyRule({ kind: 'preset', windowMs: 1 }, sender)(request);
    expect(key !== null).toBe(sender.id.length > 0);
  });

  test('an old or future time is told as that', () => {
    const scheme = sender.credentials.find((each) => each.scheme.kind === 'hmac')?.scheme;
    if (scheme?.kind !== 'hmac' || scheme.timestamp === undefined) return;
    const request = signed(sender);
    expect(judge(sender, arrived(request, NOW + OLD_MS))).toMatch(/matches the body, but with a timestamp .* in the past/);
    expect(judge(sender, arrived(request, NOW - OLD_MS))).toMatch(/matches the body, but with a timestamp .* in the future/);
  });
});

test('presets whose key nobody else has say so', () => {
  for (const provider of ['paypal', 'sns', 'fal'] as const) {
    expect(() => signRequest(trialSender(provider), sampleRequest(trialSender(provider), NOW), NOW)).toThrow(
      expect.objectContaining({ code: 'cannot_sign', message: expect.stringContaining('private key') }),
    );
  }
});

describe('several signatures', () => {
  const stripe = senderOf('stripe', { secret: 'whsec_test' });
  const stamp = NOW / 1000;
  const hex = createHmac('sha256', 'whsec_test').update(`${stamp}.{}`).digest('hex');
  const ask = (field: string, sender = stripe) => judge(sender, { headers: { 'stripe-signature': field }, body: '{}', at: NOW });

  test('any that fits is enough, and keys that are no signatures are passed over', () => {
    expect(ask(`t=${stamp},v1=${'0'.repeat(64)},v1=${hex}`)).toBe('verified');
    expect(ask(`t=${stamp}, v1=${hex}, v1=short`)).toBe('verified');
    expect(ask(`t=${stamp},v0=${hex}`)).toContain('holds no v1=<64 hex digits>');
    expect(ask(`t=${stamp},v1=${hex.slice(2)}`)).toContain('holds no v1=<64 hex digits>');
  });

  test('a time that contradicts itself is refused', () => {
    expect(ask(`t=${stamp},t=1,v1=${hex}`)).toContain('different values');
    expect(ask(`v1=${hex}`)).toContain('no timestamp');
  });

  test('numbered headers are all looked at', () => {
    const sender = senderOf('docusign', { secret: 'right-secret' });
    const sig = (secret: string) => createHmac('sha256', secret).update('{}').digest('base64');
    const headers = { 'x-docusign-signature-1': sig('other'), 'X-DocuSign-Signature-2': sig('right-secret') };
    expect(judge(sender, { headers, body: '{}' })).toBe('verified');
    expect(judge(sender, { headers: { 'x-docusign-signature-1': sig('other') }, body: '{}' })).toContain('does not match');
    expect(judge(sender, { headers: {}, body: '{}' })).toContain('no x-docusign-signature-*');
    const twice: HeaderList = [
      ['x-docusign-signature-1', sig('other')],
      ['x-docusign-signature-1', sig('right-secret')],
    ];
    expect(judge(sender, { headers: twice, body: '{}' })).toContain('different values');
  });

  test('WebSub names its hash', () => {
    const sender = senderOf('websub', { secret: 'a-secret' });
    for (const algorithm of ['sha1', 'sha256', 'sha384', 'sha512']) {
      const value = createHmac(algorithm, 'a-secret').update('{}').digest('hex');
      expect(judge(sender, { headers: { 'x-hub-signature': `${algorithm}=${value}` }, body: '{}' })).toBe('verified');
    }
    expect(judge(sender, { headers: { 'x-hub-signature': 'md5=00' }, body: '{}' })).toContain('is not sha1|sha256');
  });
});

describe('what is signed besides the body', () => {
  const twilio = senderOf('twilio', { secret: '12345678', publicUrl: 'https://hooks.example.com' });
  const sha1 = (text: string) => createHmac('sha1', '12345678').update(text).digest('base64');
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const post = (signature: string, body: string, more: Partial<ProviderRequest> = {}) =>
    judge(twilio, { headers: { ...form, 'x-twilio-signature': signature }, body, ...more });

  test('Twilio: with and without the port, and values of one name sorted', () => {
    expect(post(sha1('https://hooks.example.com/hookA1'), 'A=1')).toBe('verified');
    expect(post(sha1('https://hooks.example.com:443/hookA1'), 'A=1')).toBe('verified');
    expect(post(sha1('https://hooks.example.com/hookA1A2B '), 'B=+&A=2&A=1&A=2')).toBe('verified');
    expect(post(sha1('http://hooks.example.com/hookA1'), 'A=1')).toContain('does not match');
  });

  test('Twilio: a body that is no form has to be covered by the query', () => {
    const query = `bodySHA256=${createHash('sha256').update('{}').digest('hex')}`;
    const headers = (text: string) => ({ 'x-twilio-signature': sha1(text), 'content-type': 'application/json' });
    const covered = headers(`https://hooks.example.com/hook?${query}`);
    expect(judge(twilio, { headers: covered, body: '{}', query })).toBe('verified');
    expect(judge(twilio, { headers: covered, body: '{ }', query })).toContain('neither a form nor covered');
    expect(judge(twilio, { headers: headers('https://hooks.example.com/hook'), body: '{}' })).toContain('neither a form');
  });

  test('HubSpot: some escapes of the URL are decoded before it is signed', () => {
    const sender = senderOf('hubspot', { secret: 'a-secret', publicUrl: 'https://h.example' });
    const value = (url: string) => createHmac('sha256', 'a-secret').update(`POST${url}[]${NOW}`).digest('base64');
    const ask = (url: string) =>
      judge(sender, {
        headers: { 'x-hubspot-signature-v3': value(url), 'x-hubspot-request-timestamp': String(NOW) },
        body: '[]',
        query: 'a=%3Ab%20%2f',
        at: NOW,
      });
    expect(ask('https://h.example/hook?a=:b%20/')).toBe('verified');
    expect(ask('https://h.example/hook?a=%3Ab%20%2f')).toBe('verified');
    expect(ask('https://h.example/hook?a=:b /')).toContain('does not match');
  });

  test('without publicUrl nothing that signs it can be verified', () => {
    expect(() => judge(senderOf('square', { secret: 'x' }), { headers: {}, body: '' })).toThrow(
      expect.objectContaining({ code: 'no_public_url' }),
    );
  });

  test('a part that the signature covers has to be there', () => {
    const headers = { 'webhook-signature': `v1,${'A'.repeat(43)}=`, 'webhook-timestamp': String(NOW / 1000) };
    expect(judge(trialSender('std'), { headers, body: '{}', at: NOW })).toBe('no webhook-id header, which the signature covers');
  });
});

describe('every item', () => {
  const graph = senderOf('msgraph', { token: 'the-state' });
  const body = (...states: unknown[]) => JSON.stringify({ value: states.map((clientState) => ({ clientState })) });

  test('of a list has to be right', () => {
    expect(judge(graph, { headers: {}, body: body('the-state', 'the-state') })).toBe('verified');
    expect(judge(graph, { headers: {}, body: body('the-state', 'other') })).toContain('does not match');
    expect(judge(graph, { headers: {}, body: body('the-state', undefined) })).toContain('item 2');
    expect(judge(graph, { headers: {}, body: body() })).toContain('no ');
    expect(
      judge(graph, { headers: {}, body: JSON.stringify({ value: { 0: { clientState: 'the-state' }, length: 1 } }) }),
    ).toContain('no ');
    expect(judge(graph, { headers: {}, body: body(...Array(1001).fill('the-state')) })).toContain('1001 items');
  });

  test('an item that is added to a signed one is refused', () => {
    const sender = trialSender('adyen');
    const request = signed(sender);
    const payload = JSON.parse(request.body.toString());
    payload.notificationItems.push({ NotificationRequestItem: { eventCode: 'X' } });
    expect(judge(sender, { ...arrived(request, NOW), body: JSON.stringify(payload) })).toContain('item 2');
  });
});

describe('what is stored', () => {
  test('basic, bearer and query credentials are replaced by the mark', () => {
    const bearer = customSender(
      { kind: 'token', secret: 'secret', from: 'bearer' },
      { secrets: ['tok_1'], id: [], type: [], params: {}, publicUrl: null },
    );
    const taken = verdictOn(bearer, { headers: { Authorization: 'Bearer tok_1', a: 'b' }, body: '' });
    expect(taken).toMatchObject({
      kind: 'verified',
      event: {
        headers: [
          ['Authorization', CREDENTIAL_MARK],
          ['a', 'b'],
        ],
      },
    });

    const postmark = senderOf('postmark', { token: 'tok_2', password: 'pass', params: { username: 'user' } });
    const authorization = `Basic ${Buffer.from('user:pass').toString('base64')}`;
    const verdict = verdictOn(postmark, { headers: { authorization }, body: '{}', query: 'a=%20&token=tok_2' });
    expect(verdict).toMatchObject({ kind: 'verified', event: { query: `a=%20&token=${encodeURIComponent(CREDENTIAL_MARK)}` } });
    expect(JSON.stringify(verdict)).not.toContain(authorization);
    expect(judge(postmark, { headers: { authorization: 'Basic !' }, body: '{}' })).toContain('is not basic authentication');
    expect(judge(postmark, { headers: {}, body: '{}', query: 'token=tok_2&token=x' })).toContain('different values');
  });
});

describe('public keys', () => {
  const pem = (key: KeyObject) => key.export({ format: 'pem', type: 'spki' }).toString();
  const scheme = (algorithm: 'ed25519' | 'ecdsa-p256' | 'rsa-sha256', key: KeyObject) =>
    customSender(
      { kind: 'pubkey', from: 'header:x-sig', algorithm, encoding: 'base64', key: { encoding: 'pem' } },
      { secrets: [pem(key)], id: [], type: [], params: {}, publicUrl: null },
    );

  test('of each algorithm', () => {
    const pairs = [
      ['ed25519', generateKeyPairSync('ed25519'), null],
      ['ecdsa-p256', generateKeyPairSync('ec', { namedCurve: 'prime256v1' }), 'sha256'],
      ['rsa-sha256', generateKeyPairSync('rsa', { modulusLength: 2048 }), 'sha256'],
    ] as const;
    for (const [algorithm, { publicKey, privateKey }, hash] of pairs) {
      const value = sign(hash, Buffer.from('{}'), privateKey).toString('base64');
      const sender = scheme(algorithm, publicKey);
      expect(judge(sender, { headers: { 'x-sig': value }, body: '{}' })).toBe('verified');
      expect(judge(sender, { headers: { 'x-sig': value }, body: '{} ' })).toContain('does not match');
      expect(judge(sender, { headers: { 'x-sig': 'AAAA' }, body: '{}' })).toMatch(/does not match|is not <base64/);
    }
  });

  test('of another kind are refused at once', () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    expect(() => judge(scheme('rsa-sha256', publicKey), { headers: {}, body: '' })).toThrow(
      expect.objectContaining({ code: 'bad_secret' }),
    );
  });
});

describe('whatever is sent', () => {
  const junk = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('sha256=', 'v1,', 't=1,v1=', 'v1,v1,v1', '=', ',,,,', 'Basic ', 'Bearer ', '0'.repeat(64), '{"__proto__":1}'),
  );
  const senders = PROVIDER_NAMES.filter((name) => name !== 'discord' && name !== 'sendgrid' && name !== 'std-a').map((name) =>
    trialSender(name),
  );
  const headerNames = [
    ...new Set(senders.flatMap(({ credentials }) => credentials.map(({ scheme }) => ('from' in scheme ? scheme.from : '')))),
  ]
    .filter((from) => from.startsWith('header:'))
    .map((from) => from.slice('header:'.length).replace('*', '1').replace('{param:header}', 'x-my-token'));

  test('nothing throws, and nothing is taken', () => {
    const headers = fc.array(fc.tuple(fc.constantFrom(...headerNames, 'authorization', 'content-type'), junk), { maxLength: 6 });
    const body = fc.oneof(
      junk,
      fc.json(),
      fc.json().map((value) => `{"signature":${value},"value":[${value}],"notificationItems":[${value}]}`),
    );
    fc.assert(
      fc.property(fc.constantFrom(...senders), headers, body, junk, (sender, list, text, query) => {
        expect(judge(sender, { headers: list, body: text, query, at: NOW })).not.toBe('verified');
      }),
      { numRuns: 2_000 },
    );
  });

  test('fields of signatures are always taken apart', () => {
    fc.assert(
      fc.property(
        junk,
        fc.string({ minLength: 1, maxLength: 2 }),
        fc.string({ minLength: 1, maxLength: 2 }),
        (field, item, kv) => {
          const { signatures } = parseSignatures(field, { item, kv, key: 'v1' });
          expect(signatures.length).toBeLessThanOrEqual(16);
        },
      ),
    );
  });
});

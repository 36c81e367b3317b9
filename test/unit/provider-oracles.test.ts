import { createHash, sign as signWithKey } from 'node:crypto';
import { sign as octokitSign, verify as octokitVerify } from '@octokit/webhooks-methods';
import { encodeSignatureHeader, isValidSignature } from '@sanity/webhook';
import { EventWebhook } from '@sendgrid/eventwebhook';
import { verifyKey } from 'discord-interactions';
import fc from 'fast-check';
import { validateWebhook } from 'replicate';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import nacl from 'tweetnacl';
import { getExpectedTwilioSignature, validateRequest, validateRequestWithBody } from 'twilio/lib/webhooks/webhooks.js';
import { describe, expect, test } from 'vitest';
import type { OutgoingRequest } from '../../src/providers/draft.ts';
import type { ProviderName } from '../../src/providers/presets.ts';
import { sampleRequest } from '../../src/providers/sample.ts';
import { customSender, type Sender, senderOf } from '../../src/providers/sender.ts';
import { signRequest } from '../../src/providers/sign.ts';
import { P256 } from '../support/provider-cases/key-pairs.ts';
import { judge } from '../support/providers.ts';

/** Vendors' verifiers look at the clock themselves, so what they are asked about is signed now, to the second. */
const NOW = Math.floor(Date.now() / 1000) * 1000;
const SECONDS = NOW / 1000;
const SECRET = 'a secret that both sides know';
const WHSEC = `whsec_${Buffer.from('0123456789abcdef01234567').toString('base64')}`;
/** Text beyond ASCII, escapes and no final newline. */
const TEXT = '{"type":"test","text":"Grüße – 世界 \\u00fc \u{1f600}","n":1.50}';

function request(headers: Record<string, string>, body: string | Buffer = TEXT): OutgoingRequest {
  return {
    method: 'POST',
    path: '/hook',
    query: '',
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(body),
  };
}

const taken = (sender: Sender, { headers, ...parts }: OutgoingRequest): boolean =>
  judge(sender, { ...parts, headers: Object.entries(headers), at: NOW }) === 'verified';

/** A test event with our signature. */
function ours(sender: Sender, changes: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return signRequest(sender, { ...sampleRequest(sender, NOW), ...changes }, NOW);
}

describe('standardwebhooks', () => {
  const webhooks: [ProviderName, string][] = [
    ['std', 'webhook'],
    ['openai', 'webhook'],
    ['replicate', 'webhook'],
    ['gitlab-signed', 'webhook'],
    ['svix', 'svix'],
    ['clerk', 'svix'],
    ['resend', 'svix'],
  ];

  function bothWays(sender: Sender, prefix: string, oracle: Webhook): void {
    const signature = oracle.sign('msg_1', new Date(NOW), TEXT);
    const named = { [`${prefix}-id`]: 'msg_1', [`${prefix}-timestamp`]: String(SECONDS), [`${prefix}-signature`]: signature };
    expect(taken(sender, request(named))).toBe(true);
    expect(taken(sender, request(named, `${TEXT} `))).toBe(false);
    const { headers, body } = ours(sender, { body: Buffer.from(TEXT) });
    const renamed = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.replace(prefix, 'webhook'), value]));
    expect(oracle.verify(body, renamed)).toEqual(JSON.parse(TEXT));
  }

  test.each(webhooks)('%s, both ways', (provider, prefix) => {
    bothWays(senderOf(provider, { secret: WHSEC }), prefix, new Webhook(WHSEC));
  });

  test('polar, whose libraries encode the secret before they decode it', () => {
    bothWays(senderOf('polar', { secret: SECRET }), 'webhook', new Webhook(Buffer.from(SECRET).toString('base64')));
  });
});

test('replicate takes what we sign, and nothing else', async () => {
  const { headers, body } = ours(senderOf('replicate', { secret: WHSEC }));
  const data = {
    id: headers['webhook-id'] ?? '',
    timestamp: headers['webhook-timestamp'] ?? '',
    signature: headers['webhook-signature'] ?? '',
    body: body.toString(),
    secret: WHSEC,
  };
  expect(await validateWebhook(data)).toBe(true);
  expect(await validateWebhook({ ...data, body: `${data.body} ` })).toBe(false);
});

describe('@octokit/webhooks-methods', () => {
  const headers: [ProviderName, string][] = [
    ['github', 'x-hub-signature-256'],
    ['meta', 'x-hub-signature-256'],
    ['whatsapp', 'x-hub-signature-256'],
    ['bitbucket', 'x-hub-signature'],
    ['notion', 'x-notion-signature'],
  ];

  test.each(headers)('%s, both ways', async (provider, header) => {
    const sender = senderOf(provider, { secret: SECRET });
    const signature = await octokitSign(SECRET, TEXT);
    expect(taken(sender, request({ [header]: signature }))).toBe(true);
    expect(taken(sender, request({ [header]: signature }, TEXT.slice(1)))).toBe(false);
    const mine = ours(sender, { body: Buffer.from(TEXT) });
    expect(await octokitVerify(SECRET, TEXT, mine.headers[header] ?? '')).toBe(true);
    expect(await octokitVerify(SECRET, `${TEXT} `, mine.headers[header] ?? '')).toBe(false);
  });
});

describe('stripe', () => {
  const { webhooks } = new Stripe('sk_test_unused');

  test('stripe, both ways', () => {
    const sender = senderOf('stripe', { secret: 'whsec_as_it_is' });
    const header = webhooks.generateTestHeaderString({ payload: TEXT, secret: 'whsec_as_it_is', timestamp: SECONDS });
    expect(taken(sender, request({ 'stripe-signature': header }))).toBe(true);
    expect(taken(sender, request({ 'stripe-signature': header }, `${TEXT}\n`))).toBe(false);
    const mine = ours(sender);
    const event = webhooks.constructEvent(mine.body, mine.headers['stripe-signature'] ?? '', 'whsec_as_it_is');
    expect(event.type).toBe('payment_intent.succeeded');
    expect(() => webhooks.constructEvent(mine.body, mine.headers['stripe-signature'] ?? '', 'whsec_other')).toThrow();
  });

  test.each<[ProviderName, string, number]>([
    ['calendly', 'calendly-webhook-signature', SECONDS],
    ['workos', 'workos-signature', NOW],
  ])('%s signs in the same form', (provider, name, timestamp) => {
    const header = webhooks.generateTestHeaderString({ payload: TEXT, secret: SECRET, timestamp });
    expect(taken(senderOf(provider, { secret: SECRET }), request({ [name]: header }))).toBe(true);
  });
});

describe('twilio', () => {
  const path = "/it's/a%20path";
  const query = "a=1&b=%27x'&c=%2f";
  const sender = (publicUrl: string): Sender => senderOf('twilio', { secret: SECRET, publicUrl });
  const form = (body: string, signature: string): OutgoingRequest => ({
    ...request({ 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature }, body),
    path,
    query,
  });
  /** As Express hands a form to Twilio's library: a name with several values has a list. */
  function asParams(fields: URLSearchParams): Record<string, string | string[]> {
    return Object.fromEntries([...new Set(fields.keys())].map((name) => [name, one(fields.getAll(name))]));
  }
  const one = (values: string[]): string | string[] => (values.length === 1 ? (values[0] ?? '') : values);

  test.each([
    ['https://hooks.example.com', 'https://hooks.example.com'],
    ['https://hooks.example.com', 'https://hooks.example.com:443'],
    ['https://hooks.example.com:8443', 'https://hooks.example.com:8443'],
    ['https://hooks.example.com:8443', 'https://hooks.example.com'],
    ['http://hooks.example.com', 'http://hooks.example.com:80'],
  ])('any form, both ways: publicUrl %s, signed for %s', (publicUrl, signedFor) => {
    const pair = fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1, maxLength: 8 }), (pairs) => {
        const fields = new URLSearchParams(pairs);
        const params = asParams(fields);
        const theirs = getExpectedTwilioSignature(SECRET, `${signedFor}${path}?${query}`, params);
        expect(taken(sender(publicUrl), form(fields.toString(), theirs))).toBe(true);
        const mine = signRequest(sender(publicUrl), form(fields.toString(), ''), NOW).headers['x-twilio-signature'] ?? '';
        expect(validateRequest(SECRET, mine, `${publicUrl}${path}?${query}`, params)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('a body that is no form, both ways', () => {
    const publicUrl = 'https://hooks.example.com';
    const covered = `bodySHA256=${createHash('sha256').update(TEXT).digest('hex')}`;
    const signature = getExpectedTwilioSignature(SECRET, `${publicUrl}/hook?${covered}`, {});
    const theirs = { ...request({ 'x-twilio-signature': signature }), query: covered };
    expect(taken(sender(publicUrl), theirs)).toBe(true);
    expect(taken(sender(publicUrl), { ...theirs, body: Buffer.from(`${TEXT} `) })).toBe(false);
    const mine = signRequest(sender(publicUrl), { ...request({}), query: 'a=%7e' }, NOW);
    const url = `${publicUrl}/hook?${mine.query}`;
    expect(validateRequestWithBody(SECRET, mine.headers['x-twilio-signature'] ?? '', url, TEXT)).toBe(true);
    expect(validateRequestWithBody(SECRET, mine.headers['x-twilio-signature'] ?? '', url, `${TEXT} `)).toBe(false);
  });
});

test('@sanity/webhook: a scheme of the user’s own, both ways', async () => {
  const sender = customSender(
    {
      kind: 'hmac',
      secret: 'secret',
      from: 'header:sanity-webhook-signature',
      parse: { item: ',', kv: '=', key: 'v1' },
      message: '{timestamp}.{body}',
      encoding: 'base64url',
      timestamp: { from: 'sig:t', unit: 'ms', toleranceMs: 300_000 },
    },
    { secrets: [SECRET], id: ['header:idempotency-key'], type: [], params: {}, publicUrl: null },
  );
  // Enough bodies for both of the characters that only this encoding has.
  for (let number = 0; number < 8; number += 1) {
    const body = TEXT.replace('1.50', String(number));
    const header = await encodeSignatureHeader(body, NOW, SECRET);
    expect(taken(sender, request({ 'sanity-webhook-signature': header }, body))).toBe(true);
    expect(taken(sender, request({ 'sanity-webhook-signature': `${header}=` }, body))).toBe(false);
    expect(taken(sender, request({ 'sanity-webhook-signature': header }, `${body} `))).toBe(false);
    const mine = signRequest(sender, request({}, body), NOW).headers['sanity-webhook-signature'] ?? '';
    expect(await isValidSignature(body, mine, SECRET)).toBe(true);
  }
});

describe('ed25519', () => {
  const pair = nacl.sign.keyPair();
  const signed = (message: string): Buffer => Buffer.from(nacl.sign.detached(Buffer.from(message), pair.secretKey));
  const discord = senderOf('discord', { publicKey: Buffer.from(pair.publicKey).toString('hex') });
  const discordRequest = (body: string): OutgoingRequest =>
    request(
      { 'x-signature-timestamp': String(SECONDS), 'x-signature-ed25519': signed(`${SECONDS}${TEXT}`).toString('hex') },
      body,
    );

  test('tweetnacl signs for discord, and discord-interactions says the same as we', async () => {
    for (const body of [TEXT, `${TEXT} `, '']) {
      const { headers } = discordRequest(body);
      const theirs = await verifyKey(
        body,
        headers['x-signature-ed25519'] ?? '',
        String(SECONDS),
        Buffer.from(pair.publicKey).toString('hex'),
      );
      expect(taken(discord, discordRequest(body))).toBe(theirs);
      expect(theirs).toBe(body === TEXT);
    }
  });

  test('tweetnacl signs for standard webhooks', () => {
    const sender = senderOf('std-a', { publicKey: `whpk_${Buffer.from(pair.publicKey).toString('base64')}` });
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(SECONDS),
      'webhook-signature': `v1a,${signed(`msg_1.${SECONDS}.${TEXT}`).toString('base64')}`,
    };
    expect(taken(sender, request(headers))).toBe(true);
    expect(taken(sender, request(headers, `${TEXT} `))).toBe(false);
  });
});

test('@sendgrid/eventwebhook says the same as we', () => {
  const { publicKey, privateKey } = P256.first;
  const written = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const sender = senderOf('sendgrid', { publicKey: written });
  const vendor = new EventWebhook();
  const theirKey = vendor.convertPublicKeyToECDSA(written);
  const signature = signWithKey('sha256', Buffer.from(`${SECONDS}${TEXT}`), privateKey).toString('base64');
  for (const body of [TEXT, `${TEXT} `]) {
    const headers = {
      'x-twilio-email-event-webhook-timestamp': String(SECONDS),
      'x-twilio-email-event-webhook-signature': signature,
    };
    const theirs = vendor.verifySignature(theirKey, body, signature, String(SECONDS));
    expect(taken(sender, request(headers, body))).toBe(theirs);
    expect(theirs).toBe(body === TEXT);
  }
});

import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { senderOf } from '../../src/providers/sender.ts';
import { MemoryKeys } from '../support/memory-keys.ts';
import { judge, type ProviderRequest, verdictOn } from '../support/providers.ts';
import { selfSigned } from '../support/self-signed.ts';

/** As the listener does: judge, have the key loaded, judge again. */
async function judged(sender: ReturnType<typeof senderOf>, request: ProviderRequest, keys: MemoryKeys): Promise<string> {
  const verdict = verdictOn(sender, request, keys);
  if (verdict.kind !== 'key_needed') return judge(sender, request, keys);
  return (await keys.load(verdict.key)) ? judge(sender, request, keys) : 'no key';
}

describe('fal', () => {
  const NOW = Date.UTC(2026, 2, 20);
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const pages = { 'https://rest.fal.ai/.well-known/jwks.json': JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] }) };
  const sender = senderOf('fal', {});
  const body = '{"request_id":"r","status":"OK"}';

  function request(key: KeyObject, change: Partial<ProviderRequest> = {}): ProviderRequest {
    const seconds = String(NOW / 1000);
    const message = ['r', 'u', seconds, createHash('sha256').update(body).digest('hex')].join('\n');
    const headers = {
      'x-fal-webhook-request-id': 'r',
      'x-fal-webhook-user-id': 'u',
      'x-fal-webhook-timestamp': seconds,
      'x-fal-webhook-signature': sign(null, Buffer.from(message), key).toString('hex'),
    };
    return { headers, body, at: NOW, ...change };
  }

  test('is taken by a published key, which is asked for once', async () => {
    const keys = new MemoryKeys(pages);
    expect(await judged(sender, request(privateKey), keys)).toBe('verified');
    expect(await judged(sender, request(privateKey), keys)).toBe('verified');
    expect(keys.asked).toHaveLength(1);
    expect(await judged(sender, request(generateKeyPairSync('ed25519').privateKey), keys)).toContain('key of the provider');
    expect(await judged(sender, request(privateKey, { body: '{}' }), keys)).toContain('does not match');
    expect(await judged(sender, request(privateKey, { at: NOW + 301_000 }), keys)).toContain('301 s in the past');
  });

  test('without the key nobody knows', async () => {
    expect(await judged(sender, request(privateKey), new MemoryKeys({}))).toBe('no key');
  });
});

describe('PayPal', () => {
  const { certificate, privateKey } = selfSigned('messageverificationcerts.paypal.com');
  const url = 'https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594';
  const sender = senderOf('paypal', { params: { webhookId: 'WH-1' } });
  const body = '{"id":"WH-2","event_type":"PAYMENT.SALE.COMPLETED"}';
  const at = Date.UTC(2026, 2, 20);
  const time = new Date(at).toISOString().replace('.000', '');

  function request(webhookId = 'WH-1', certUrl = url): ProviderRequest {
    const message = `id-1|${time}|${webhookId}|${crc32(body)}`;
    const headers = {
      'paypal-transmission-id': 'id-1',
      'paypal-transmission-time': time,
      'paypal-transmission-sig': sign('sha256', Buffer.from(message), privateKey).toString('base64'),
      'paypal-cert-url': certUrl,
    };
    return { headers, body, at };
  }

  test('is taken by the certificate that it names, for this webhook only', async () => {
    const keys = new MemoryKeys({ [url]: certificate });
    expect(await judged(sender, request(), keys)).toBe('verified');
    expect(await judged(sender, request('WH-9'), keys)).toContain('does not match');
    expect(await judged(sender, { ...request(), body: '{}' }, keys)).toContain('does not match');
  });

  test.each([
    'https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1',
    'http://api.paypal.com/v1/notifications/certs/CERT-1',
    'https://u@api.paypal.com/v1/notifications/certs/CERT-1',
    'https://api.paypal.com:8443/v1/notifications/certs/CERT-1',
    'https://api.paypal.com/v1/notifications/certs/../../x',
    'https://api.paypal.com/v1/notifications/certs/CERT-1?x=1',
    'https://169.254.169.254/v1/notifications/certs/CERT-1',
    'file:///etc/passwd',
    'nonsense',
    '',
  ])('nothing is asked of %j', async (certUrl) => {
    const keys = new MemoryKeys({ [certUrl]: certificate });
    expect(await judged(sender, request('WH-1', certUrl), keys)).toContain('no address that the provider');
    expect(keys.asked).toEqual([]);
  });
});

describe('Amazon SNS', () => {
  const { certificate, privateKey } = selfSigned('sns.amazonaws.com');
  const SigningCertURL = 'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem';
  const TopicArn = 'arn:aws:sns:eu-central-1:123456789012:orders';
  const keys = new MemoryKeys({ [SigningCertURL]: certificate });
  const pinned = senderOf('sns', { params: { topicArn: [TopicArn] } });

  function request(members: Record<string, unknown>, order: readonly string[], version: '1' | '2' = '2'): ProviderRequest {
    const message: Record<string, unknown> = { MessageId: 'm-1', TopicArn, Timestamp: '2026-03-20T00:00:00.000Z', ...members };
    const text = order.map((name) => `${name}\n${message[name]}\n`).join('');
    const Signature = sign(version === '1' ? 'sha1' : 'sha256', Buffer.from(text), privateKey).toString('base64');
    return { headers: {}, body: JSON.stringify({ SigningCertURL, SignatureVersion: version, ...message, Signature }) };
  }
  const plain = ['Message', 'MessageId', 'Timestamp', 'TopicArn', 'Type'];
  const note = { Type: 'Notification', Message: 'grüße' };

  test('of both versions, with and without a subject', async () => {
    expect(await judged(pinned, request(note, plain), keys)).toBe('verified');
    expect(await judged(pinned, request(note, plain, '1'), keys)).toBe('verified');
    const subject = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'];
    expect(await judged(pinned, request({ ...note, Subject: 'S' }, subject), keys)).toBe('verified');
    expect(await judged(pinned, request({ ...note, Subject: 'S' }, plain), keys)).toContain('does not match');
  });

  test('of a subscription, with its token', async () => {
    const order = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
    const members = {
      Type: 'SubscriptionConfirmation',
      Message: 'm',
      SubscribeURL: 'https://sns.eu-central-1.amazonaws.com/',
      Token: 't',
    };
    expect(await judged(pinned, request(members, order), keys)).toBe('verified');
    expect(await judged(pinned, request(members, plain), keys)).toContain('does not match');
  });

  test('of another topic, or with another certificate, is refused', async () => {
    const other = { ...note, TopicArn: 'arn:aws:sns:eu-central-1:999999999999:theirs' };
    expect(await judged(pinned, request(other, plain), keys)).toContain('not under topicArn');
    expect(await judged(senderOf('sns', {}), request(other, plain), keys)).toBe('verified');
    for (const url of [
      'https://sns.evil.example/x.pem',
      'https://sns.eu-central-1.amazonaws.com.evil.example/x.pem',
      'https://sns.eu-central-1.amazonaws.com/x.txt',
      5,
    ]) {
      expect(await judged(pinned, request({ ...note, SigningCertURL: url }, plain), keys)).toContain("provider's keys come from");
    }
  });

  test.each([
    ['no version', { SignatureVersion: undefined }, 'neither 1 nor 2'],
    ['another type', { Type: 'Other' }, 'no message of SNS'],
    ['a prototype as type', { Type: 'constructor' }, 'no message of SNS'],
    ['a message that is no text', { Message: {} }, 'no message of SNS'],
  ])('with %s is refused', async (_, members, explanation) => {
    expect(await judged(pinned, request({ ...note, ...members }, plain), keys)).toContain(explanation);
  });

  test('a body without a signature has none', async () => {
    expect(await judged(pinned, { headers: {}, body: 'raw delivery' }, keys)).toContain("no 'Signature' in the body: ");
  });
});

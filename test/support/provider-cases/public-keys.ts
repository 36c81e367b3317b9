import { hash, sign } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { KeySource } from '../../../src/ingest/key-source.ts';
import type { OutgoingRequest } from '../../../src/providers/draft.ts';
import type { KeyAddress } from '../../../src/providers/keys.ts';
import type { SenderParams } from '../../../src/providers/sender.ts';
import { MemoryKeys } from '../memory-keys.ts';
import type { CredentialCase, Which } from './credential-case.ts';
import { CERTIFIED, ED25519, type KeyPair, P256, rawBytes, type Three } from './key-pairs.ts';
import { joined, MINUTE_MS, type Proof, seconds, withProof } from './shared-secret.ts';

/** Signs bytes with the private key of a pair. */
type Signer = (message: string | Buffer) => Buffer;

interface SignedWithKey extends Pick<CredentialCase, 'place' | 'toleranceMs'> {
  pairs: Three<KeyPair>;
  keys: PublicKeys;
  params?: SenderParams;
  needs?: readonly string[];
  covers?: CredentialCase['covers'];
  merge?: CredentialCase['merge'];
  prove: (request: OutgoingRequest, signer: Signer, now: number, address: string) => Proof;
}

/** Keys of the configuration, or keys that are fetched. A stranger can only name an address of the provider's. */
type PublicKeys =
  | { kind: 'configured'; write: (pair: KeyPair) => string }
  | { kind: 'jwks'; address: string }
  | { kind: 'certificates'; addresses: Three<string>; algorithm: KeyAddress['algorithm'] };

const ONE = { because: 'a request has one signature, and each key that is known is tried' };

function signedWithKey(given: SignedWithKey): CredentialCase {
  const { pairs, keys, params = {}, place, needs = [], toleranceMs, prove } = given;
  return {
    place,
    needs,
    toleranceMs,
    covers: given.covers ?? 'every byte',
    merge: given.merge ?? ONE,
    configure(which) {
      if (keys.kind !== 'configured') return { settings: { params }, keys: fetched(keys, pairs, which) };
      return { settings: { publicKey: which.map((each) => keys.write(pairs[each])), params } };
    },
    sign(request, which, now) {
      const { privateKey } = pairs[which];
      const algorithm = privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
      const signer: Signer = (message) => sign(algorithm, Buffer.from(message), privateKey);
      const address = keys.kind === 'certificates' ? keys.addresses[which] : '';
      return withProof(request, prove(request, signer, now, address));
    },
  };
}

/** A source in which the keys are loaded already. */
function fetched(keys: Exclude<PublicKeys, { kind: 'configured' }>, pairs: Three<KeyPair>, which: readonly Which[]): KeySource {
  if (keys.kind === 'jwks') {
    const set = { keys: which.map((each) => pairs[each].publicKey.export({ format: 'jwk' })) };
    const source = new MemoryKeys({ [keys.address]: JSON.stringify(set) });
    void source.load({ format: 'jwks', url: keys.address, algorithm: 'ed25519' });
    return source;
  }
  const pages = which.map((each) => [keys.addresses[each], CERTIFIED[each].certificate] as const);
  const source = new MemoryKeys(Object.fromEntries(pages));
  for (const [url] of pages) void source.load({ format: 'cert', url, algorithm: keys.algorithm });
  return source;
}

const all = (...parts: (string | Buffer)[]): Buffer => Buffer.concat(parts.map((part) => Buffer.from(part)));

export const FAL_KEYS = 'https://rest.fal.ai/.well-known/jwks.json';
export const PAYPAL_CERT = 'https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-';
export const SNS_CERT = 'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-';
export const TOPIC = 'arn:aws:sns:eu-central-1:000000000000:test';

function addresses(beginning: string, end = ''): Three<string> {
  return { first: `${beginning}first${end}`, second: `${beginning}second${end}`, stranger: `${beginning}first${end}` };
}

/** https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html, written out. */
export function snsNotification({ Message, MessageId, Subject, Timestamp, TopicArn }: Record<string, string>): string {
  const subject = Subject === undefined ? '' : `Subject\n${Subject}\n`;
  return `Message\n${Message}\nMessageId\n${MessageId}\n${subject}Timestamp\n${Timestamp}\nTopicArn\n${TopicArn}\nType\nNotification\n`;
}

/** Providers that sign with a private key. */
export const PUBLIC_KEYS = {
  'std-a': [
    signedWithKey({
      pairs: ED25519,
      keys: { kind: 'configured', write: (pair) => `whpk_${rawBytes(pair).toString('base64')}` },
      place: 'header:webhook-signature',
      needs: ['webhook-id', 'webhook-timestamp'],
      toleranceMs: 5 * MINUTE_MS,
      merge: joined('webhook-signature', ' '),
      prove({ headers, body }, signer, now) {
        const signature = signer(all(`${headers['webhook-id']}.${seconds(now)}.`, body)).toString('base64');
        return { headers: { 'webhook-timestamp': seconds(now), 'webhook-signature': `v1a,${signature}` } };
      },
    }),
  ],
  discord: [
    signedWithKey({
      pairs: ED25519,
      keys: { kind: 'configured', write: (pair) => rawBytes(pair).toString('hex') },
      place: 'header:x-signature-ed25519',
      needs: ['x-signature-timestamp'],
      toleranceMs: 5 * MINUTE_MS,
      prove({ body }, signer, now) {
        const signature = signer(all(seconds(now), body)).toString('hex');
        return { headers: { 'x-signature-timestamp': seconds(now), 'x-signature-ed25519': signature } };
      },
    }),
  ],
  sendgrid: [
    signedWithKey({
      pairs: P256,
      keys: {
        kind: 'configured',
        write: ({ publicKey }) => publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      },
      place: 'header:x-twilio-email-event-webhook-signature',
      needs: ['x-twilio-email-event-webhook-timestamp'],
      toleranceMs: 5 * MINUTE_MS,
      prove({ body }, signer, now) {
        const signature = signer(all(seconds(now), body)).toString('base64');
        return {
          headers: {
            'x-twilio-email-event-webhook-timestamp': seconds(now),
            'x-twilio-email-event-webhook-signature': signature,
          },
        };
      },
    }),
  ],
  fal: [
    signedWithKey({
      pairs: ED25519,
      keys: { kind: 'jwks', address: FAL_KEYS },
      place: 'header:x-fal-webhook-signature',
      needs: ['x-fal-webhook-request-id', 'x-fal-webhook-user-id', 'x-fal-webhook-timestamp'],
      toleranceMs: 5 * MINUTE_MS,
      prove({ headers, body }, signer, now) {
        const ids = `${headers['x-fal-webhook-request-id']}\n${headers['x-fal-webhook-user-id']}`;
        const signature = signer(`${ids}\n${seconds(now)}\n${hash('sha256', body)}`).toString('hex');
        return { headers: { 'x-fal-webhook-timestamp': seconds(now), 'x-fal-webhook-signature': signature } };
      },
    }),
  ],
  paypal: [
    signedWithKey({
      pairs: CERTIFIED,
      keys: { kind: 'certificates', addresses: addresses(PAYPAL_CERT), algorithm: 'rsa-sha256' },
      params: { webhookId: '1JE4291016473214C' },
      place: 'header:paypal-transmission-sig',
      needs: ['paypal-transmission-id', 'paypal-transmission-time', 'paypal-cert-url'],
      toleranceMs: 5 * MINUTE_MS,
      prove({ headers, body }, signer, now, address) {
        const time = new Date(now).toISOString().replace('.000', '');
        const message = `${headers['paypal-transmission-id']}|${time}|1JE4291016473214C|${crc32(body)}`;
        return {
          headers: {
            'paypal-transmission-time': time,
            'paypal-cert-url': address,
            'paypal-transmission-sig': signer(message).toString('base64'),
          },
        };
      },
    }),
  ],
  sns: [
    signedWithKey({
      pairs: CERTIFIED,
      keys: { kind: 'certificates', addresses: addresses(SNS_CERT, '.pem'), algorithm: 'rsa-sha256' },
      params: { topicArn: TOPIC },
      place: 'body:Signature',
      toleranceMs: { because: 'Amazon sends a message again for weeks, always with its first time' },
      covers: { fields: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'], not: 'UnsubscribeURL' },
      prove({ body }, signer, _now, address) {
        const message = { ...JSON.parse(body.toString()), Subject: 'A subject', UnsubscribeURL: 'https://example.com/' };
        const Signature = signer(snsNotification(message)).toString('base64');
        return { body: Buffer.from(JSON.stringify({ ...message, Signature, SigningCertURL: address })) };
      },
    }),
  ],
} as const satisfies Record<string, readonly CredentialCase[]>;

import { type KeyObject, verify as verifySignature } from 'node:crypto';
import { type KeyAddress, publicKey } from '../../providers/keys.ts';
import type { Chunk } from '../../providers/message.ts';
import type { PublicKeyScheme } from '../../providers/scheme.ts';
import type { Sender } from '../../providers/sender.ts';
import { parseSource, type Source, sourceLabel } from '../../providers/source.ts';
import type { KeySource } from '../key-source.ts';
import type { ReceivedRequest } from '../received.ts';
import { ABSENT, type Credential, type CredentialCheck, eachItem, RIGHT, readField, type Wrong, wrong } from './credential.ts';
import { type SentSignature, signatureReader } from './signature-fields.ts';
import { SignedMessage, wrongTime } from './signed.ts';

const ED25519_BYTES = 64;
/** Ed25519 has its own hash. */
const HASHES = { ed25519: null, 'ecdsa-p256': 'sha256', 'rsa-sha256': 'sha256', 'rsa-sha1': 'sha1' } as const;

/** Whether a signature was made with the private half of a key. Never throws: a signature of another length is just wrong. */
export function isSignedBy(algorithm: KeyAddress['algorithm'], key: KeyObject, message: Buffer, signature: Buffer): boolean {
  try {
    return verifySignature(HASHES[algorithm], message, key, signature);
  } catch {
    return false;
  }
}

/** The keys that a signature may be made with: from the configuration, or those at the address that counts for a request. */
type Keys =
  | { kind: 'fixed'; keys: readonly KeyObject[] }
  | { kind: 'fetched'; addressOf: (request: ReceivedRequest) => KeyAddress | Wrong };

/** @throws HookbayError when the scheme or a key is not what it has to be; loading should have found it */
export function publicKeyCredential(scheme: PublicKeyScheme, secrets: readonly string[], sender: Sender): Credential {
  const { algorithm } = scheme;
  const bytes = algorithm === 'ed25519' ? ED25519_BYTES : null;
  const reader = signatureReader(scheme, sender.params, () => bytes);
  const message = new SignedMessage(scheme, sender);
  const known = keysOf(scheme, secrets);
  const { label } = reader;
  const check = (request: ReceivedRequest, keys: KeySource, item: number): CredentialCheck => {
    const sent = reader.read(request, item);
    if (sent === null) return ABSENT;
    if (sent.kind === 'wrong') return sent;
    const time = message.time(request, sent, item);
    if (time.kind === 'wrong') return time;
    const messages = message.messages(request, time.text, item);
    if ('kind' in messages) return messages;
    const matches = (candidates: readonly KeyObject[]): boolean => anyMatches(algorithm, messages, candidates, sent.signatures);
    const result = known.kind === 'fixed' ? matches(known.keys) : matchesFetched(known.addressOf(request), keys, matches);
    if (typeof result !== 'boolean') return result;
    const under = known.kind === 'fixed' ? 'configured public key' : 'key of the provider';
    if (!result) return message.mismatch(label, under, time, request);
    return time.outside === null ? RIGHT : wrongTime(label, time.outside);
  };
  if (scheme.each !== undefined) return eachItem(label, parseSource(scheme.each), check);
  return { label, check: (request, keys) => check(request, keys, 0) };
}

function anyMatches(
  algorithm: PublicKeyScheme['algorithm'],
  messages: readonly (readonly Chunk[])[],
  keys: readonly KeyObject[],
  signatures: readonly SentSignature[],
): boolean {
  return messages.some((chunks) => {
    const message = joined(chunks);
    return keys.some((key) => signatures.some(({ bytes }) => isSignedBy(algorithm, key, message, bytes)));
  });
}

function joined(chunks: readonly Chunk[]): Buffer {
  return Buffer.concat(chunks.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk)));
}

/**
 * Looks for a match among fetched keys. Without one the provider may have changed its keys since, so they are asked for again,
 * as often as the source allows.
 */
export function matchesFetched(
  address: KeyAddress | Wrong,
  source: KeySource,
  matches: (keys: readonly KeyObject[]) => boolean,
): boolean | Wrong | { kind: 'key_needed'; key: KeyAddress } {
  if ('kind' in address) return address;
  const known = source.known(address);
  if (known === null) return { kind: 'key_needed', key: address };
  if (matches(known.keys)) return true;
  return known.mayHaveChanged ? { kind: 'key_needed', key: address } : false;
}

function keysOf(scheme: PublicKeyScheme, secrets: readonly string[]): Keys {
  const { key, algorithm } = scheme;
  switch (key.encoding) {
    case 'jwks': {
      const address: KeyAddress = { format: 'jwks', url: key.url, algorithm };
      return { kind: 'fetched', addressOf: () => address };
    }
    case 'cert': {
      const from = parseSource(key.from);
      const path = new RegExp(key.path);
      return {
        kind: 'fetched',
        addressOf(request) {
          const url = allowedUrl(request, from, (host) => key.hosts.includes(host), path);
          return typeof url === 'string' ? { format: 'cert', url, algorithm } : url;
        },
      };
    }
    default:
      return { kind: 'fixed', keys: secrets.map((secret) => publicKey(secret, key, algorithm)) };
  }
}

/** A key's address that a request names: https, an allowed host on its usual port, a path as they are, and nothing else. */
export function allowedUrl(
  request: ReceivedRequest,
  from: Source,
  isAllowed: (host: string) => boolean,
  path: RegExp,
): string | Wrong {
  const text = readField(request, from);
  const label = sourceLabel(from);
  if (text === null) return wrong('incomplete', `no ${label}, which names the key`);
  if (typeof text !== 'string') return text;
  const url = URL.parse(text);
  const plain =
    url !== null && url.href === text && url.username === '' && url.port === '' && url.search === '' && url.hash === '';
  if (plain && url.protocol === 'https:' && isAllowed(url.hostname) && path.test(url.pathname)) return text;
  return wrong('not_expected', `the ${label} is no address that the provider's keys come from`);
}

import { type KeyObject, timingSafeEqual } from 'node:crypto';
import { DIGEST_BYTES, hashOf, hmacDigest } from '../../providers/hmac.ts';
import { sharedKey } from '../../providers/keys.ts';
import type { Chunk } from '../../providers/message.ts';
import type { HashAlgorithm, HmacScheme } from '../../providers/scheme.ts';
import type { Sender } from '../../providers/sender.ts';
import { parseSource } from '../../providers/source.ts';
import type { ReceivedRequest } from '../received.ts';
import { ABSENT, type Credential, type CredentialCheck, eachItem, RIGHT } from './credential.ts';
import { type SentSignature, signatureReader } from './signature-fields.ts';
import { SignedMessage, wrongTime } from './signed.ts';

/** @throws HookbayError when the scheme or a secret is not what it has to be; loading should have found it */
export function hmacCredential(scheme: HmacScheme, secrets: readonly string[], sender: Sender): Credential {
  // The reader takes only signatures whose hash is known.
  const algorithmOf = (key: string | null): HashAlgorithm => hashOf(scheme.algorithm, key) ?? 'sha256';
  const keys = secrets.map((secret) => sharedKey(secret, scheme.key));
  const bytesFor = (key: string | null): number => DIGEST_BYTES[algorithmOf(key)];
  const reader = signatureReader(scheme, sender.params, bytesFor);
  const message = new SignedMessage(scheme, sender);
  const { label } = reader;
  const check = (request: ReceivedRequest, item: number): CredentialCheck => {
    const sent = reader.read(request, item);
    if (sent === null) return ABSENT;
    if (sent.kind === 'wrong') return sent;
    const time = message.time(request, sent, item);
    if (time.kind === 'wrong') return time;
    const messages = message.messages(request, time.text, item);
    if ('kind' in messages) return messages;
    // Also when the time is wrong: an operator has to know which of the two it is.
    if (!anyMatches(messages, keys, sent.signatures, algorithmOf))
      return message.mismatch(label, 'configured secret', time, request);
    return time.outside === null ? RIGHT : wrongTime(label, time.outside);
  };
  if (scheme.each !== undefined) return eachItem(label, parseSource(scheme.each), (request, _keys, item) => check(request, item));
  return { label, check: (request) => check(request, 0) };
}

/** Every key is tried on every signature, without an early exit; a digest is computed once for all that use its algorithm. */
function anyMatches(
  messages: readonly (readonly Chunk[])[],
  keys: readonly KeyObject[],
  signatures: readonly SentSignature[],
  algorithmOf: (key: string | null) => HashAlgorithm,
): boolean {
  let matches = false;
  for (const message of messages) {
    for (const key of keys) {
      let computed: HashAlgorithm | null = null;
      let digest: Buffer | null = null;
      for (const { key: name, bytes } of signatures) {
        const algorithm = algorithmOf(name);
        if (digest === null || computed !== algorithm) digest = hmacDigest(algorithm, key, message);
        computed = algorithm;
        matches = (digest.length === bytes.length && timingSafeEqual(digest, bytes)) || matches;
      }
    }
  }
  return matches;
}

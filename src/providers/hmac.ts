import { createHmac, type KeyObject } from 'node:crypto';
import type { Chunk } from './message.ts';
import type { HashAlgorithm, HmacScheme } from './scheme.ts';

export const DIGEST_BYTES: Readonly<Record<HashAlgorithm, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };

/** The keyed hash of a message, over bytes. Text has one character a byte. */
export function hmacDigest(algorithm: HashAlgorithm, key: KeyObject, message: readonly Chunk[]): Buffer {
  const hmac = createHmac(algorithm, key);
  for (const chunk of message) {
    if (typeof chunk === 'string') hmac.update(chunk, 'latin1');
    else hmac.update(chunk);
  }
  return hmac.digest();
}

/** The hash of a signature: the scheme's, or the one that the signature's own key names; null for a key that names none. */
export function hashOf(algorithm: HmacScheme['algorithm'], key: string | null): HashAlgorithm | null {
  if (algorithm !== 'named') return algorithm ?? 'sha256';
  return key !== null && Object.hasOwn(DIGEST_BYTES, key) ? (key as HashAlgorithm) : null;
}

import { createHmac, type KeyObject } from 'node:crypto';
import type { HmacScheme } from './presets.ts';
import type { MessagePart } from './template.ts';

const DIGEST_BYTES = { sha1: 20, sha256: 32, sha512: 64 };

/**
 * The keyed hash of a message, over bytes: the body is never turned into text or copied.
 * @param timestamp its own text as it was sent; empty when the message has none
 */
export function hmacDigest(
  algorithm: HmacScheme['algorithm'],
  key: string | KeyObject,
  message: readonly MessagePart[],
  body: Buffer,
  timestamp: string,
): Buffer {
  const hmac = createHmac(algorithm, key);
  for (const part of message) {
    if (part === 'body') hmac.update(body);
    else if (part === 'timestamp') hmac.update(timestamp, 'latin1');
    else hmac.update(part);
  }
  return hmac.digest();
}

/**
 * Reads a signature's field. Node's decoders stop silently at what they do not know, so the text is checked first.
 * @returns as many bytes as the algorithm gives, or null when the field is malformed
 */
export function decodeSignature(
  field: string,
  { prefix, algorithm, encoding }: Pick<HmacScheme, 'prefix' | 'algorithm' | 'encoding'>,
): Buffer | null {
  if (!field.startsWith(prefix)) return null;
  const text = field.slice(prefix.length);
  const bytes = DIGEST_BYTES[algorithm];
  if (encoding === 'hex') return text.length === bytes * 2 && /^[0-9a-fA-F]*$/.test(text) ? Buffer.from(text, 'hex') : null;
  const decoded = Buffer.from(text, 'base64');
  return decoded.length === bytes && decoded.toString('base64') === text ? decoded : null;
}

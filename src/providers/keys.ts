import { createPublicKey, createSecretKey, type KeyObject, type webcrypto, X509Certificate } from 'node:crypto';
import { HookbayError } from '../domain/errors.ts';
import type { PublicKey, PublicKeyScheme, SharedKey } from './scheme.ts';

/** A key that has to be fetched before a request can be judged. */
export interface KeyAddress {
  format: 'jwks' | 'cert';
  /** Https, at a host that the preset names. */
  url: string;
  algorithm: PublicKeyScheme['algorithm'] | 'rsa-sha1';
}

/** The secret itself is in no message. */
function badSecret(message: string, hint: string): HookbayError {
  return new HookbayError({ code: 'bad_secret', status: 422, message, hint });
}

function bytesOf(text: string, encoding: 'hex' | 'base64'): Buffer | null {
  if (encoding === 'hex') return text.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(text) ? Buffer.from(text, 'hex') : null;
  const bytes = Buffer.from(text, 'base64');
  // Some dashboards leave the padding out.
  return bytes.length > 0 && bytes.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '') ? bytes : null;
}

function stripped(text: string, prefix: string | undefined): string {
  return prefix !== undefined && text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

/** @throws HookbayError `bad_secret` for a secret that is not written as the provider writes them */
export function sharedKey(secret: string, { encoding, strip }: SharedKey = { encoding: 'utf8' }): KeyObject {
  if (encoding === 'utf8') return createSecretKey(stripped(secret, strip), 'utf8');
  const bytes = bytesOf(stripped(secret, strip), encoding);
  if (bytes !== null) return createSecretKey(bytes);
  throw badSecret(`this secret is not ${encoding}`, `${strip ?? ''}<${encoding}>, as the provider shows it`);
}

/** What stands before the 32 bytes in the SubjectPublicKeyInfo of an Ed25519 key (RFC 8410). */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** @throws HookbayError `bad_secret` for what is no key of the algorithm */
export function publicKey(text: string, key: PublicKey, algorithm: PublicKeyScheme['algorithm']): KeyObject {
  try {
    const made = makePublicKey(text.trim(), key);
    if (made !== null && fits(made, algorithm)) return made;
  } catch {
    // Told below: Node's message would say less.
  }
  throw badSecret(`this is no ${algorithm} public key`, `the key as the provider shows it (${key.encoding})`);
}

function makePublicKey(text: string, key: PublicKey): KeyObject | null {
  switch (key.encoding) {
    case 'raw-hex':
    case 'raw-base64': {
      const bytes = bytesOf(stripped(text, key.strip), key.encoding === 'raw-hex' ? 'hex' : 'base64');
      if (bytes?.length !== 32) return null;
      return createPublicKey({ key: Buffer.concat([ED25519_SPKI, bytes]), format: 'der', type: 'spki' });
    }
    case 'spki-b64': {
      const bytes = bytesOf(text, 'base64');
      return bytes === null ? null : createPublicKey({ key: bytes, format: 'der', type: 'spki' });
    }
    case 'pem':
      return createPublicKey(text);
    case 'jwks':
    case 'cert':
      return null; // fetched, not configured
    default:
      return key satisfies never;
  }
}

function fits(key: KeyObject, algorithm: KeyAddress['algorithm']): boolean {
  switch (algorithm) {
    case 'ed25519':
      return key.asymmetricKeyType === 'ed25519';
    case 'ecdsa-p256':
      return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    case 'rsa-sha256':
    case 'rsa-sha1':
      return key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
    default:
      return algorithm satisfies never;
  }
}

const MOST_KEYS = 16;

/**
 * Reads what came from a key's address: a key set (RFC 7517), or a certificate in PEM that is valid now.
 * @returns the keys of the algorithm; empty when there are none, or the text is something else
 */
export function fetchedKeys(text: string, { format, algorithm }: Omit<KeyAddress, 'url'>, now: number): KeyObject[] {
  try {
    const keys = format === 'cert' ? [certificateKey(text, now)] : jwksKeys(text);
    return keys.filter((key): key is KeyObject => key !== null && fits(key, algorithm));
  } catch {
    return [];
  }
}

function certificateKey(pem: string, now: number): KeyObject | null {
  const certificate = new X509Certificate(pem);
  return certificate.validFromDate.getTime() <= now && now <= certificate.validToDate.getTime() ? certificate.publicKey : null;
}

function jwksKeys(text: string): (KeyObject | null)[] {
  const { keys } = JSON.parse(text) as { keys?: unknown };
  if (!Array.isArray(keys)) return [];
  return keys.slice(0, MOST_KEYS).map((key: webcrypto.JsonWebKey) => {
    try {
      return createPublicKey({ key, format: 'jwk' });
    } catch {
      return null; // a key of a kind that is not ours
    }
  });
}

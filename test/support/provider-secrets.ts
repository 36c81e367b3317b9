import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { PROVIDER_NAMES, presetOf } from '../../src/providers/presets.ts';
import type { AuthScheme, PublicKey } from '../../src/providers/scheme.ts';
import { secretName } from '../../src/providers/sender.ts';

const TEXT = 'a-secret-that-is-long-enough-for-anybody';

/** A secret or public key in the form in which this provider's are written; null for a scheme that needs none. */
export function writtenSecret(scheme: AuthScheme, text = TEXT): string | null {
  if (secretName(scheme) === null) return null;
  if (scheme.kind === 'pubkey') return writtenKey(publicKeyFor(scheme.algorithm), scheme.key);
  if (scheme.kind !== 'hmac' || scheme.key === undefined || scheme.key.encoding === 'utf8') return text;
  return (scheme.key.strip ?? '') + Buffer.from(text).toString(scheme.key.encoding);
}

function publicKeyFor(algorithm: 'ed25519' | 'ecdsa-p256' | 'rsa-sha256'): KeyObject {
  if (algorithm === 'ed25519') return generateKeyPairSync('ed25519').publicKey;
  if (algorithm === 'ecdsa-p256') return generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
}

function writtenKey(key: KeyObject, { encoding }: PublicKey): string {
  const der = key.export({ format: 'der', type: 'spki' });
  if (encoding === 'raw-hex') return der.subarray(-32).toString('hex');
  if (encoding === 'raw-base64') return `whpk_${der.subarray(-32).toString('base64')}`;
  return encoding === 'pem' ? key.export({ format: 'pem', type: 'spki' }).toString() : der.toString('base64');
}

/** Values for the variables of examples: what a preset's variable stands for, and for others a text or an RSA key. */
export function exampleEnvironment(text: string): Record<string, string> {
  const names = [...text.matchAll(/\$\{([A-Z_0-9]+)/g)].map(([, name]) => name ?? '');
  return Object.fromEntries(names.map((name) => [name, valueFor(name)]));
}

function valueFor(variable: string): string {
  for (const provider of PROVIDER_NAMES) {
    const prefix = `${provider.toUpperCase().replaceAll('-', '_')}_`;
    const [scheme] = presetOf(provider).auth;
    const isLonger = PROVIDER_NAMES.some(
      (other) => other !== provider && other.startsWith(provider) && isPrefix(other, variable),
    );
    if (variable.startsWith(prefix) && !isLonger && (scheme.kind === 'hmac' || scheme.kind === 'pubkey')) {
      return writtenSecret(scheme) ?? 'WH-1';
    }
  }
  if (variable.endsWith('_PUBLIC_KEY')) return writtenKey(publicKeyFor('rsa-sha256'), { encoding: 'pem' });
  return variable === 'ACME_SECRET' ? Buffer.from(TEXT).toString('base64') : 'a-text-that-is-long-enough';
}

const isPrefix = (provider: string, variable: string): boolean =>
  variable.startsWith(`${provider.toUpperCase().replaceAll('-', '_')}_`);

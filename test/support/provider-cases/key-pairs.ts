import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { selfSigned } from '../self-signed.ts';
import type { Which } from './credential-case.ts';

export interface KeyPair {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

export type Three<T> = Readonly<Record<Which, T>>;

const three = <T>(make: () => T): Three<T> => ({ first: make(), second: make(), stranger: make() });

export const ED25519: Three<KeyPair> = three(() => generateKeyPairSync('ed25519'));
export const P256: Three<KeyPair> = three(() => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }));
/** RSA, with certificates. */
export const CERTIFIED = three(() => selfSigned('messages.example.com'));

/** The 32 bytes of an Ed25519 public key. */
export function rawBytes({ publicKey }: Pick<KeyPair, 'publicKey'>): Buffer {
  return Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
}

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { KeySource } from '../../src/ingest/key-source.ts';
import type { KeyAddress } from '../../src/providers/keys.ts';
import { type SelfSigned, selfSigned } from '../support/self-signed.ts';

/** What stands at the addresses of a source that is tried. */
export interface KeyPages {
  '/keys.json': string;
  '/other-kinds.json': string;
  '/certificate.pem': string;
  '/expired.pem': string;
  '/nonsense': string;
}

export interface KeySourceRig {
  source: KeySource;
  /** The address of a page. */
  url(page: keyof KeyPages | '/missing'): string;
}

const { publicKey: edwards } = generateKeyPairSync('ed25519');
const { publicKey: curve } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const good: SelfSigned = selfSigned('keys.example');
const expired = selfSigned('keys.example', { from: Date.now() - 172_800_000, to: Date.now() - 86_400_000 });
const jwk = (key: KeyObject): object => key.export({ format: 'jwk' });

export const PAGES: KeyPages = {
  '/keys.json': JSON.stringify({ keys: [{ kty: 'oct' }, jwk(curve), jwk(edwards), null] }),
  '/other-kinds.json': JSON.stringify({ keys: [jwk(curve)] }),
  '/certificate.pem': good.certificate,
  '/expired.pem': expired.certificate,
  '/nonsense': '<html>',
};

/** What every source of keys promises. */
export function keySourceContract(name: string, rig: () => Promise<KeySourceRig>): void {
  describe(`${name} is a source of keys`, () => {
    const address = (url: string, format: KeyAddress['format']): KeyAddress => ({
      url,
      format,
      algorithm: format === 'jwks' ? 'ed25519' : 'rsa-sha256',
    });

    test.each([
      ['a key set', '/keys.json', 'jwks', edwards],
      ['a certificate', '/certificate.pem', 'cert', good.publicKey],
    ] as const)('%s is known once it was loaded', async (_, page, format, key) => {
      const { source, url } = await rig();
      const at = address(url(page), format);
      expect(source.known(at)).toBeNull();
      expect(await source.load(at)).toBe(true);
      const keys = source.known(at)?.keys ?? [];
      expect(keys).toHaveLength(1);
      expect(keys[0]?.equals(key)).toBe(true);
      expect(await source.load(at)).toBe(true);
    });

    test.each([
      ['nothing', '/missing', 'jwks'],
      ['no key set', '/nonsense', 'jwks'],
      ['no certificate', '/nonsense', 'cert'],
      ['only keys of another kind', '/other-kinds.json', 'jwks'],
      ['a certificate that is over', '/expired.pem', 'cert'],
    ] as const)('%s gives no key', async (_, page, format) => {
      const { source, url } = await rig();
      const at = address(url(page), format);
      expect(await source.load(at)).toBe(false);
      expect(source.known(at)).toBeNull();
    });
  });
}

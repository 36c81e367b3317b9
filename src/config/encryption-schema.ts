import * as z from 'zod';
import { type LeafResult, leaf, text } from './leaves.ts';

const KEY_BYTES = 32;
/** Of 32 random bytes about 30 are different. */
const FEWEST_DIFFERENT = 12;
const KEY =
  '32 random bytes in base64 or hex, for example from `openssl rand -base64 32`, as "${VAR}" or "${file:/run/secrets/name}"';
const HEX = /^[0-9a-fA-F]{64}$/;
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;

/** A key, with its text as it was configured so that logs can hide it. */
interface Key {
  bytes: Uint8Array;
  text: string;
}

function encryptionKey() {
  const bad = (code: 'bad_secret' | 'weak_secret', message: string): LeafResult<never> => ({
    problems: [{ code, message, expected: KEY, hidden: true }],
  });
  return leaf({ type: 'string', expected: KEY }, (input): LeafResult<Key> => {
    const isHex = typeof input === 'string' && HEX.test(input);
    if (typeof input !== 'string' || !(isHex || BASE64.test(input))) return bad('bad_secret', 'this is no key of 32 bytes');
    const bytes = Buffer.from(input, isHex ? 'hex' : 'base64');
    if (bytes.length !== KEY_BYTES) return bad('bad_secret', 'this is no key of 32 bytes');
    if (new Set(bytes).size < FEWEST_DIFFERENT) return bad('weak_secret', 'this key is not random');
    return { value: { bytes: new Uint8Array(bytes), text: input } };
  });
}

const KEYS = 'a list with at least one { id, key }';

export const encryption = z
  .strictObject({
    keys: z
      .array(
        z
          .strictObject({
            id: text('a name of letters, digits, - and _, at most 64', /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/).meta({
              description: 'Stored with what is encrypted, in the clear. A new key gets a new one.',
            }),
            key: encryptionKey().meta({ description: 'AES-256 key. Who loses it loses the events.' }),
          })
          .meta({ expected: '{ id: k1, key: "${file:/run/secrets/k1}" }' }),
      )
      .min(1, { error: KEYS })
      .meta({ description: 'The first one encrypts, all of them decrypt.', expected: KEYS }),
  })
  .meta({
    description:
      'Encrypts bodies, headers, dedup keys, stored answers and refused requests in the database (docs/privacy.md). Left out: nothing is encrypted. Changing it needs a restart.',
    expected: '{ keys: [{ id: k1, key: "${file:/run/secrets/k1}" }] }',
  });

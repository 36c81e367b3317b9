import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyedHash } from '../../src/store/sqlite/keyed-hash.ts';

function ofBytes(keyed: KeyedHash, message: Uint8Array): Buffer {
  const into = Buffer.alloc(40, 1);
  keyed.ofBytes(message, into, 4);
  expect([into.subarray(0, 4), into.subarray(36)]).toEqual([Buffer.alloc(4, 1), Buffer.alloc(4, 1)]);
  return into.subarray(4, 36);
}

/** Also half characters: JSON can have them. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
);
const keys = fc.uint8Array({ minLength: 1, maxLength: 64 });

test('is the HMAC-SHA256 of any bytes under any key, one message after the other', () => {
  fc.assert(
    fc.property(keys, fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1 }), (key, messages) => {
      const keyed = new KeyedHash(key);
      for (const message of messages) {
        expect(ofBytes(keyed, message)).toEqual(createHmac('sha256', key).update(message).digest());
      }
    }),
  );
});

test('is the HMAC-SHA256 of the UTF-8 of any text', () => {
  fc.assert(
    fc.property(keys, fc.array(text, { minLength: 1 }), (key, messages) => {
      const keyed = new KeyedHash(key);
      for (const message of messages) {
        expect(keyed.ofText(message)).toBe(createHmac('sha256', key).update(message).digest('base64url'));
      }
    }),
  );
});

test.each([5_461, 5_462, 16_384, 16_385, 100_000])('a message of %i characters, of any width', (length) => {
  const key = Buffer.alloc(32, 7);
  const keyed = new KeyedHash(key);
  for (const text of ['a'.repeat(length), '€'.repeat(length), 'ä'.repeat(length)]) {
    expect(keyed.ofText(text)).toBe(createHmac('sha256', key).update(text).digest('base64url'));
    const bytes = Buffer.from(text);
    expect(ofBytes(keyed, bytes)).toEqual(createHmac('sha256', key).update(bytes).digest());
  }
});

test('a key that is longer than a block is refused: it would have to be hashed first', () => {
  expect(() => new KeyedHash(new Uint8Array(65))).toThrow(RangeError);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HookbayError } from '../../src/domain/errors.ts';
import { checkTimestamp } from '../../src/ingest/timestamp.ts';
import { setPath } from '../../src/providers/draft.ts';
import { parseForm } from '../../src/providers/form.ts';
import { parseMessage } from '../../src/providers/message.ts';
import { decodeSignature, parseSignatures, writeSignature } from '../../src/providers/signature.ts';
import { parseSource, readPath } from '../../src/providers/source.ts';

const NOW = Date.UTC(2026, 2, 20, 14, 30);

describe('paths', () => {
  const step = fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'a', '0', '1', '');
  const tree = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, 1, 'text'),
      fc.array(tie('any'), { maxLength: 2 }),
      fc.array(fc.tuple(step, tie('any')), { maxLength: 3 }).map((members) => Object.fromEntries(members)),
    ),
  })).any;

  test('a path leads to what the JSON text has, and nowhere else', () => {
    /** Over a reading in which objects are maps, so that none has a prototype's members. */
    const walk = (json: string, path: readonly string[]): unknown => {
      const payload = JSON.parse(json, (_, found) =>
        typeof found === 'object' && found !== null ? new Map(Object.entries(found)) : found,
      ) as unknown;
      return path.reduce((at, name) => (at instanceof Map ? (at.get(name) as unknown) : undefined), payload);
    };
    fc.assert(
      fc.property(tree, fc.array(step, { minLength: 1, maxLength: 4 }), (payload, path) => {
        const json = JSON.stringify(payload);
        const found = readPath(JSON.parse(json), path);
        const expected = walk(json, path);
        if (expected instanceof Map) expect(typeof found).toBe('object');
        else expect(found).toBe(expected);
      }),
      { numRuns: 1_000 },
    );
  });

  test('a member is set in the payload alone', () => {
    fc.assert(
      fc.property(tree, fc.array(step, { minLength: 1, maxLength: 4 }), (payload, path) => {
        if (path.includes('__proto__')) {
          expect(() => setPath(payload, path, 'set')).toThrow(HookbayError);
        } else {
          const changed = setPath(JSON.parse(JSON.stringify(payload)), path, 'set');
          expect(readPath(changed, path)).toBe('set');
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
        expect('a' in {} || '0' in {}).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('signatures, times, forms and templates', () => {
  test('a signature that is read is the one that was written', () => {
    const encodings = fc.constantFrom('hex' as const, 'base64' as const, 'base64url' as const);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), encodings, fc.string(), (array, encoding, junk) => {
        const bytes = Buffer.from(array);
        expect(decodeSignature(bytes.toString(encoding), encoding, bytes.length)).toEqual(bytes);
        expect(decodeSignature(bytes.toString(encoding), encoding, bytes.length + 1)).toBeNull();
        const decoded = decodeSignature(junk, encoding, null);
        if (decoded !== null) expect(decoded.toString(encoding)).toBe(encoding === 'hex' ? junk.toLowerCase() : junk);
      }),
    );
  });

  test('a field of signatures is read as it was written', () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    fc.assert(
      fc.property(word, word, fc.constantFrom(',', ';', ' '), fc.constantFrom('=', ','), (signature, time, item, kv) => {
        fc.pre(item !== kv);
        const parse = { item, kv, key: 'v1' };
        const field = writeSignature(signature, parse, [['t', time]]);
        const { signatures, others } = parseSignatures(field, parse);
        expect(signatures).toEqual([{ key: 'v1', text: signature }]);
        expect([...others]).toEqual([['t', time]]);
      }),
    );
  });

  test('a time is fresh exactly within its tolerance', () => {
    const near = fc.integer({ min: -700, max: 700 });
    fc.assert(
      fc.property(near, fc.nat(999), (seconds, ms) => {
        const at = NOW + seconds * 1000;
        const fresh = (text: string, unit: 's' | 'ms' | 'iso' | 'httpdate' | 'any') =>
          checkTimestamp(text, unit, 300_000, NOW + ms).kind === 'fresh';
        const inMs = Math.abs(NOW + ms - at) <= 300_000;
        expect(fresh(String(at / 1000), 's')).toBe(Math.abs(seconds) <= 300);
        expect(fresh(String(at / 1000), 'any')).toBe(Math.abs(seconds) <= 300);
        for (const unit of ['ms', 'any'] as const) expect(fresh(String(at), unit)).toBe(inMs);
        for (const unit of ['iso', 'any'] as const) expect(fresh(new Date(at).toISOString(), unit)).toBe(inMs);
        expect(fresh(new Date(at).toUTCString(), 'httpdate')).toBe(inMs);
      }),
    );
  });

  test('a text at random is no fresh time, and nothing throws', () => {
    const units = fc.constantFrom('s' as const, 'ms' as const, 'iso' as const, 'httpdate' as const, 'any' as const);
    fc.assert(
      fc.property(fc.string(), units, (text, unit) => {
        expect(checkTimestamp(text, unit, 300_000, NOW).kind).not.toBe('fresh');
      }),
    );
  });

  test('a form has the fields that URLSearchParams finds, or is none', () => {
    const type = 'application/x-www-form-urlencoded; charset=utf-8';
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (array) => {
        const body = Buffer.from(array);
        const fields = [...(parseForm(type, body) ?? [])].flatMap(([name, values]) => values.map((text) => [name, text]));
        const expected = [...new URLSearchParams(body.toString())];
        expect(fields.sort()).toEqual(expected.sort());
      }),
    );
    expect(parseForm(type, Buffer.alloc(1_000_000, '&'))).toBeNull();
    expect(parseForm('application/json', Buffer.from('a=1'))).toBeNull();
  });

  test('sources and templates at random are refused in one way', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '{body}',
      '{timestamp}',
      '{header:x}',
      '{body:a.b?}',
      '{param:p}',
      '?',
      ':',
      'body:',
      '.',
      '*',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 6 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (written) => {
        for (const read of [parseSource, parseMessage]) {
          try {
            read(written);
          } catch (error) {
            expect(error).toBeInstanceOf(HookbayError);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

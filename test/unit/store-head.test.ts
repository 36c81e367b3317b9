import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checksOf, isWhole } from '../../src/store/sqlite/content.ts';
import { type Head, parseHead, renderHead } from '../../src/store/sqlite/head.ts';

const head: Head = {
  method: 'POST',
  path: '/webhooks/knowledgesdk',
  query: 'a=1&a=%20',
  peer: '203.0.113.7',
  contentType: 'application/json',
  headers: [
    ['X-Twice', 'one'],
    ['content-type', 'application/json'],
    ['x-twice', 'two'],
  ],
};

const stored = (head: Head): Buffer => Buffer.from(renderHead(head), 'utf8');

test('a head comes back as it was, headers in order, spelling and repeats kept', () => {
  expect(parseHead(stored(head))).toEqual(head);
});

test('any strings come back, also halves of letters and control characters', () => {
  const text = fc.string({ unit: fc.oneof(fc.constantFrom('\ud800', '\udfff', '\0', '\n', '"', '\\', '\u2028'), fc.string()) });
  const anyHead: fc.Arbitrary<Head> = fc.record({
    method: text,
    path: text,
    query: text,
    peer: text,
    contentType: fc.option(text),
    headers: fc.array(fc.tuple(text, text)),
  });
  fc.assert(fc.property(anyHead, (head) => void expect(parseHead(stored(head))).toEqual(head)));
});

test('a head is read where it lies within a larger run of bytes', () => {
  const bytes = stored(head);
  const run = new Uint8Array(Buffer.concat([Buffer.from('before'), bytes, Buffer.from('behind')]));
  expect(parseHead(run.subarray(6, 6 + bytes.length))).toEqual(head);
});

test('one bit anywhere in head or body is noticed', () => {
  const body = Buffer.from('{"event":"EXTRACTION_COMPLETED"}');
  const { headCrc32, bodySha256 } = checksOf(stored(head), body);
  const row = { head_crc32: headCrc32, body_sha256: bodySha256 };
  expect(isWhole(stored(head), body, row)).toBe(true);
  const flipped = (bytes: Buffer, bit: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return copy;
  };
  for (let bit = 0; bit < body.length * 8; bit += 1) expect(isWhole(stored(head), flipped(body, bit), row)).toBe(false);
  for (let bit = 0; bit < stored(head).length * 8; bit += 1) expect(isWhole(flipped(stored(head), bit), body, row)).toBe(false);
});

test('a body of another length is noticed, an empty one is not confused with none', () => {
  const { headCrc32, bodySha256 } = checksOf(stored(head), Buffer.alloc(0));
  const row = { head_crc32: headCrc32, body_sha256: bodySha256 };
  expect(isWhole(stored(head), Buffer.alloc(0), row)).toBe(true);
  expect(isWhole(stored(head), Buffer.alloc(1), row)).toBe(false);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isGlob, isListed } from '../../src/domain/event-types.ts';

describe('an events list', () => {
  test.each([
    ['EXTRACTION_COMPLETED', 'EXTRACTION_COMPLETED', true],
    ['EXTRACTION_COMPLETED', 'EXTRACTION_FAILED', false],
    ['EXTRACTION_*', 'EXTRACTION_FAILED', true],
    ['EXTRACTION_*', 'EXTRACTION_', true],
    ['EXTRACTION_*', 'EXTRACTION', false],
    ['EXTRACTION_*', 'extraction_failed', false],
    ['*.created', 'invoice.created', true],
    ['*.created', 'invoice.created.twice', false],
    ['invoice.*.paid', 'invoice.eu.paid', true],
    ['invoice.*.paid', 'invoice.paid', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['a*b*c', 'a-b-b-c', true],
    ['a*bc*cd', 'abcd', false],
    ['*', 'anything at all', true],
    ['**', 'x', true],
    ['a.c', 'abc', false],
  ])('%s on %s: %s', (entry, type, listed) => expect(isListed(type, [entry])).toBe(listed));

  test('is met by any of its entries', () => expect(isListed('b', ['a', 'b*'])).toBe(true));
  test('that is empty has none', () => expect(isListed('a', [])).toBe(false));
  test('that is not there means every event', () => expect([isListed('a', null), isListed(null, null)]).toEqual([true, true]));
  test('does not have an event without a type', () => expect(isListed(null, ['*'])).toBe(false));
});

const letters = (most: number) => fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '('), maxLength: most });

/** The rule as it is said, without a thought for its time. */
function oracle(glob: string, text: string): boolean {
  const [first, ...rest] = glob;
  if (first === undefined) return text === '';
  const remaining = rest.join('');
  if (first !== '*') return text.startsWith(first) && oracle(remaining, text.slice(1));
  return Array.from({ length: text.length + 1 }, (_, i) => text.slice(i)).some((tail) => oracle(remaining, tail));
}

test('globs match as their rule says', () => {
  let matches = 0;
  fc.assert(
    fc.property(letters(7), letters(9), (glob, text) => {
      const expected = oracle(glob, text);
      if (expected) matches += 1;
      expect(isListed(text, [glob])).toBe(expected);
      expect(isGlob(glob)).toBe(glob.includes('*'));
    }),
    { numRuns: 5000 },
  );
  expect(matches).toBeGreaterThan(100);
});

test('a text made from its glob matches', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(letters(4), fc.string({ maxLength: 6 })), { minLength: 1 }), (parts) => {
      const glob = parts.map(([plain]) => plain).join('*');
      const text = parts.map(([plain, run], i) => plain + (i < parts.length - 1 ? run : '')).join('');
      expect(isListed(text, [glob])).toBe(true);
    }),
  );
});

test('takes no time to speak of for what would keep a backtracking matcher busy for years', () => {
  const glob = `${'a*'.repeat(100)}b`;
  const startedAt = performance.now();
  for (let i = 0; i < 100; i += 1) expect(isListed('a'.repeat(256), [glob])).toBe(false);
  expect(performance.now() - startedAt).toBeLessThan(1000);
});

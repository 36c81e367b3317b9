import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Page } from '../../src/domain/listing.ts';
import { readCursor, scanAll, scanPage, writeCursor } from '../../src/store/sqlite/scan.ts';

interface Row {
  seq: number;
}

/** A list over rows with these numbers, as the histories make theirs. @param read told of each window */
function listOf(seqs: readonly number[], read: (from: number, below: number) => void = () => undefined) {
  const top = Math.max(0, ...seqs) + 1;
  const bottom = seqs.length === 0 ? 1 : Math.min(...seqs);
  return (cursor: string | null, limit: number): Page<Row> =>
    scanPage({ cursor, limit }, top, bottom, (from, below, most) => {
      read(from, below);
      const inside = seqs.filter((seq) => seq >= from && seq < below).toSorted((a, b) => b - a);
      return inside.slice(0, most).map((seq) => ({ seq }));
    });
}

describe('cursors', () => {
  test('say again where to go on', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (below) => void expect(readCursor(writeCursor(below))).toBe(below)));
    expect(readCursor(null)).toBeNull();
  });

  test.each(['', 'c', '1', 'c0000000000', 'c000000000000', 'C00000000001', 'c0000000000-', `c${'z'.repeat(11)}`])(
    '%j is none of ours',
    (cursor) => {
      expect(() => readCursor(cursor)).toThrow(expect.objectContaining({ code: 'bad_cursor', status: 400 }));
    },
  );
});

describe('a list in pages', () => {
  test('shows every row once, newest first, in pages of the size asked for', () => {
    const anySeqs = fc.uniqueArray(fc.integer({ min: 1, max: 90_000 }), { maxLength: 30 });
    fc.assert(
      fc.property(anySeqs, fc.integer({ min: 1, max: 10 }), (seqs, limit) => {
        const list = listOf(seqs);
        const seen: number[] = [];
        let cursor: string | null = null;
        do {
          const page: Page<Row> = list(cursor, limit);
          expect(page.data.length).toBe(Math.min(limit, seqs.length - seen.length));
          seen.push(...page.data.map(({ seq }) => seq));
          cursor = page.nextCursor;
        } while (cursor !== null && seen.length <= seqs.length);
        expect(seen).toEqual(seqs.toSorted((a, b) => b - a));
        expect(cursor).toBeNull();
      }),
    );
  });

  test('of nothing is empty and has an end', () => {
    expect(listOf([])(null, 10)).toEqual({ data: [], nextCursor: null });
  });

  test('a cursor from above the newest row begins at the newest', () => {
    expect(listOf([1, 2])(writeCursor(1000), 10).data).toEqual([{ seq: 2 }, { seq: 1 }]);
  });

  test('never looks at more than 20,000 numbers in one statement', () => {
    const windows: number[] = [];
    listOf([1, 100_000], (from, below) => windows.push(below - from))(null, 10);
    expect(windows.length).toBeGreaterThan(4);
    expect(Math.max(...windows)).toBeLessThanOrEqual(20_000);
  });
});

test('going through all of a sequence meets each number once, oldest first', () => {
  const windows: [number, number][] = [];
  scanAll(
    50_001,
    7,
    (from, below) => [[from, below]] as [number, number][],
    (rows) => windows.push(...rows),
  );
  expect(windows).toEqual([
    [7, 20_007],
    [20_007, 40_007],
    [40_007, 50_001],
  ]);
});

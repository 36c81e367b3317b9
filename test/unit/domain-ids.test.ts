import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatId, type IdKind, parseId } from '../../src/domain/ids.ts';

const kinds: IdKind[] = ['evt', 'dlv', 'rej', 'task'];
const LATEST = 2 ** 45 - 1;

const anyKind = fc.constantFrom(...kinds);
const anyTime = fc.maxSafeNat().map((number) => number % (LATEST + 1));
const anySequence = fc.maxSafeNat();

describe('ids', () => {
  test('look as documented', () => {
    expect(formatId('evt', 1_700_000_000_000, 79)).toBe('evt_1hf7yat000000000002f');
    expect(formatId('task', 0, 0)).toBe(`task_${'0'.repeat(20)}`);
  });

  test('say again what they were made of', () => {
    fc.assert(
      fc.property(anyKind, anyTime, anySequence, (kind, time, sequence) => {
        expect(parseId(kind, formatId(kind, time, sequence))).toEqual({ time, sequence });
      }),
    );
  });

  test.each([0, 1, 31, 32, 2 ** 32, Number.MAX_SAFE_INTEGER])('hold the sequence %d', (sequence) => {
    expect(parseId('dlv', formatId('dlv', LATEST, sequence))).toEqual({ time: LATEST, sequence });
  });

  test('sort by time, then by sequence', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyTime, anySequence), { minLength: 2, maxLength: 20 }), (rows) => {
        const byNumber = rows.toSorted(([time, sequence], [time2, sequence2]) => time - time2 || sequence - sequence2);
        const ids = rows.map(([time, sequence]) => formatId('evt', time, sequence)).toSorted();
        expect(ids).toEqual(byNumber.map(([time, sequence]) => formatId('evt', time, sequence)));
      }),
    );
  });

  test('the same number at another time is another id', () => {
    expect(formatId('evt', 1, 5)).not.toBe(formatId('evt', 2, 5));
  });
});

describe('what is no id', () => {
  const good = formatId('evt', 1_700_000_000_000, 79);
  test.each([
    ['another kind', formatId('dlv', 1, 1)],
    ['nothing', ''],
    ['no prefix', good.slice(4)],
    ['one digit short', good.slice(0, -1)],
    ['one digit more', `${good}0`],
    ['a space before', ` ${good}`],
    ['a line feed behind', `${good.slice(0, -1)}\n`],
    ['upper case', good.toUpperCase()],
    ['a letter that the alphabet leaves out', `${good.slice(0, -1)}l`],
    ['a sign', `evt_${'0'.repeat(8)}-${'0'.repeat(11)}`],
    ['a letter of two units', `${good.slice(0, -2)}\u{1f600}`],
    ['a sequence past what a number holds', `evt_${'0'.repeat(9)}${'z'.repeat(11)}`],
    ['a percent', `evt_${'%'.repeat(20)}`],
  ])('%s', (_what, text) => {
    expect(parseId('evt', text)).toBeNull();
  });

  test('any text at all is refused or is exactly the id that it would have been', () => {
    fc.assert(
      fc.property(anyKind, fc.oneof(fc.string(), fc.stringMatching(/^(evt|dlv|rej|task)_[0-9a-z]{20}$/)), (kind, text) => {
        const parts = parseId(kind, text);
        if (parts !== null) expect(formatId(kind, parts.time, parts.sequence)).toBe(text);
      }),
    );
  });
});

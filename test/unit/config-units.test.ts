import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { closest } from '../../src/config/suggest.ts';
import { formatDuration, formatSize, parseDuration, parseSize, suggestDuration, suggestSize } from '../../src/config/units.ts';

const amount = fc.nat({ max: 1_000_000 });

test('a duration is its number times its unit', () => {
  const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
  fc.assert(
    fc.property(amount, fc.constantFrom(...Object.entries(units)), (count, [unit, ms]) => {
      expect(parseDuration(`${count}${unit}`)).toBe(count * ms);
    }),
  );
});

test('a size is its number times its unit', () => {
  const units = { B: 1, kB: 1000, KB: 1000, KiB: 1024, MB: 1e6, MiB: 2 ** 20, GB: 1e9, GiB: 2 ** 30 } as const;
  fc.assert(
    fc.property(amount, fc.constantFrom(...Object.entries(units)), (count, [unit, bytes]) => {
      expect(parseSize(`${count}${unit}`)).toBe(count * bytes);
    }),
  );
});

test('what is formatted reads back as the same', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 31 - 1 }), fc.constantFrom(1, 60_000, 1024 ** 2), (count, factor) => {
      expect(parseDuration(formatDuration(count * factor))).toBe(count * factor);
      expect(parseSize(formatSize(count * factor))).toBe(count * factor);
    }),
  );
});

test('the largest unit without a remainder is chosen', () => {
  expect([0, 500, 90_000, 7_200_000, 1_209_600_000].map(formatDuration)).toEqual(['0ms', '500ms', '90s', '2h', '14d']);
  expect([0, 1000, 1024, 10_000_000, 268_435_456].map(formatSize)).toEqual(['0B', '1kB', '1KiB', '10MB', '256MiB']);
});

test('any other text is neither', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!/^[0-9]{1,16}(ms|s|m|h|d)$/.test(text) && !/^[0-9]{1,16}(B|kB|KB|KiB|MB|MiB|GB|GiB)$/.test(text));
      expect(parseDuration(text)).toBeNull();
      expect(parseSize(text)).toBeNull();
    }),
  );
  const others = [
    '',
    '30',
    '-1s',
    '1.5h',
    '30 s',
    ' 30s',
    '30s\n',
    '1e3s',
    '1mib',
    '1Mib',
    '9999999999999s',
    '999999999999GiB',
    '٣s',
  ];
  for (const text of others) expect([text, parseDuration(text), parseSize(text)]).toEqual([text, null, null]);
});

describe('suggestions', () => {
  test.each([
    ['30', '30s'],
    ['30 sec', '30s'],
    ['5min', '5m'],
    ['2 Hours', '2h'],
    ['14days', '14d'],
    ['1.5h', undefined],
    ['soon', undefined],
  ])('of a duration: %s', (written, meant) => {
    expect(suggestDuration(written)).toBe(meant);
  });

  test.each([
    ['10 mb', '10MB'],
    ['64k', '64KiB'],
    ['1gib', '1GiB'],
    ['10', undefined],
    ['10 apples', undefined],
  ])('of a size: %s', (written, meant) => {
    expect(suggestSize(written)).toBe(meant);
  });

  test('a suggestion is always readable', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom('', ' ', 's', 'sec', ' MB', 'kib', 'x', 'min'), (count, unit) => {
        const [duration, size] = [suggestDuration(`${count}${unit}`), suggestSize(`${count}${unit}`)];
        if (duration !== undefined) expect(parseDuration(duration)).not.toBeNull();
        if (size !== undefined) expect(parseSize(size)).not.toBeNull();
      }),
    );
  });

  test.each([
    ['lisen', 'listen'],
    ['adnim', 'admin'],
    ['ROUTES', 'routes'],
    ['rotues', 'routes'],
    ['rateLimit', undefined],
    ['x', undefined],
    ['', undefined],
    ['listen'.repeat(50), undefined],
  ])('of a name: %s', (written, meant) => {
    expect(closest(written, ['listen', 'admin', 'routes', 'url'])).toBe(meant);
  });
});

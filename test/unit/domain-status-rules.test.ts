import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatStatusRule,
  judgeStatus,
  matchesStatus,
  parseStatusRule,
  RETRY_ALL,
  type StatusRule,
  statusesWhere,
} from '../../src/domain/status-rules.ts';

function rules(...texts: string[]): StatusRule[] {
  return texts.map((text) => parseStatusRule(text) ?? expect.fail(`${text} is no rule`));
}

describe('a rule', () => {
  test.each([
    ['408', 408, 408, false],
    ['5xx', 500, 599, false],
    ['4XX', 400, 499, false],
    ['400-404', 400, 404, false],
    ['300-599', 300, 599, false],
    ['!501', 501, 501, true],
    ['!500-502', 500, 502, true],
    ['!3xx', 300, 399, true],
  ])('%s', (text, from, to, not) => {
    expect(parseStatusRule(text)).toEqual({ from, to, not });
  });

  test.each([
    ...['2xx', '200', '204-404', '1xx', '700', '6xx', '599-600', '404-400', '0', '40', '4080', '5x', 'xxx', '', '!', '!!501'],
    ...[' 408', '408 ', '4 08', '400–404', '400-', '-404', '4xx-5xx', '!', '0x1F4', '4e2', '５００'],
  ])('%j is none', (text) => {
    expect(parseStatusRule(text)).toBeNull();
  });

  test('is written as it is read, whatever it is', () => {
    const status = fc.integer({ min: 300, max: 599 });
    fc.assert(
      fc.property(status, status, fc.boolean(), (one, other, not) => {
        const rule = { from: Math.min(one, other), to: Math.max(one, other), not };
        expect(parseStatusRule(formatStatusRule(rule))).toEqual(rule);
      }),
    );
  });

  test('no text makes the parser throw or name a status that is none', () => {
    const looksLikeOne = fc.stringMatching(/^!?[0-9xX]{1,4}(-[0-9xX]{1,4})?$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), looksLikeOne), (text) => {
        const rule = parseStatusRule(text);
        if (rule === null) return;
        expect(300 <= rule.from && rule.from <= rule.to && rule.to <= 599).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('several rules', () => {
  test.each([
    [
      ['5xx', '!501'],
      [500, 502, 599],
      [501, 499, 408],
    ],
    [
      ['!501', '5xx'],
      [500, 502, 599],
      [501, 499, 408],
    ],
    [
      ['408', '429', '5xx'],
      [408, 429, 500],
      [400, 404],
    ],
    [['!501'], [500, 404, 300], [501]],
    [
      ['4xx', '!400-404', '402'],
      [405, 499],
      [402, 400, 404, 500],
    ],
  ])('%j', (texts, inside, outside) => {
    const written = rules(...texts);
    expect(inside.filter((status) => !matchesStatus(written, status))).toEqual([]);
    expect(outside.filter((status) => matchesStatus(written, status))).toEqual([]);
  });
});

/** The same said with sets: every status that is named, or all when none is, less those after a `!`. */
function oracle(texts: readonly string[]): Set<number> {
  const named = (text: string): number[] =>
    Array.from({ length: 300 }, (_, index) => index + 300).filter((status) => {
      const [from = '', to = from] = text.replace('!', '').split('-');
      return from.endsWith('xx') ? String(status).startsWith(from.charAt(0)) : Number(from) <= status && status <= Number(to);
    });
  const only = texts.filter((text) => !text.startsWith('!'));
  const all = new Set((only.length === 0 ? ['300-599'] : only).flatMap(named));
  for (const text of texts) if (text.startsWith('!')) for (const status of named(text)) all.delete(status);
  return all;
}

const anyStatus = fc.integer({ min: 300, max: 599 });
const anyText = fc
  .tuple(
    fc.constantFrom('', '', '!'),
    fc.oneof(
      fc.constantFrom('3xx', '4xx', '5xx'),
      anyStatus.map(String),
      fc.tuple(anyStatus, fc.nat(40)).map(([from, more]) => `${from}-${Math.min(from + more, 599)}`),
    ),
  )
  .map(([sign, range]) => sign + range);
const anyTexts = fc.array(anyText, { minLength: 1, maxLength: 8 });

describe('against sets of statuses', () => {
  test('a list matches what the sets say, in whatever order it is written', () => {
    fc.assert(
      fc.property(anyTexts, anyTexts, (texts, more) => {
        const both = [...texts, ...more];
        const expected = [...oracle(both)].sort((a, b) => a - b);
        expect(statusesWhere((status) => matchesStatus(rules(...both), status))).toEqual(expected);
        expect(statusesWhere((status) => matchesStatus(rules(...more, ...texts), status))).toEqual(expected);
      }),
    );
  });

  test('a verdict: pause before dead before retry', () => {
    const anyRules = fc.record({
      retryOn: fc.option(anyTexts, { nil: null }),
      deadOn: fc.option(anyTexts, { nil: null }),
      pauseOn: fc.option(anyTexts, { nil: null }),
    });
    fc.assert(
      fc.property(anyRules, anyStatus, ({ retryOn, deadOn, pauseOn }, status) => {
        const isIn = (texts: string[] | null): boolean => texts !== null && oracle(texts).has(status);
        const parsed = (texts: string[] | null): StatusRule[] | null => (texts === null ? null : rules(...texts));
        const verdict = judgeStatus({ retryOn: parsed(retryOn), deadOn: parsed(deadOn), pauseOn: parsed(pauseOn) }, status);
        const isRetried = retryOn === null || isIn(retryOn);
        const otherwise = isIn(deadOn) ? 'dead_on_status' : isRetried ? 'retry' : 'status_not_retried';
        expect(verdict).toBe(isIn(pauseOn) ? 'pause' : otherwise);
      }),
    );
  });
});

test('without rules every status is tried again, also one that HTTP does not have', () => {
  expect([300, 404, 410, 501, 599, 700, 999].filter((status) => judgeStatus(RETRY_ALL, status) !== 'retry')).toEqual([]);
});

test('a status past 599 is in no rule', () => {
  expect(judgeStatus({ ...RETRY_ALL, deadOn: rules('5xx') }, 700)).toBe('retry');
  expect(judgeStatus({ ...RETRY_ALL, retryOn: rules('5xx') }, 700)).toBe('status_not_retried');
});

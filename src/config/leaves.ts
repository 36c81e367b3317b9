import { isIP } from 'node:net';
import * as z from 'zod';
import type { FaultCode } from './fault.ts';
import { closest } from './suggest.ts';
import {
  DURATION_PATTERN,
  formatDuration,
  formatSize,
  parseDuration,
  parseRate,
  parseSize,
  RATE_PATTERN,
  type Rate,
  SIZE_PATTERN,
  suggestDuration,
  suggestRate,
  suggestSize,
} from './units.ts';

/** What one value is not. Never holds the value itself: it may be a secret, and may come from a variable. */
export interface LeafProblem {
  code: FaultCode;
  message?: string;
  expected: string;
  /** Derived from the value, so it is shown only where the value stands in the file. */
  suggestion?: string;
  /** Index in a list. */
  item?: number;
  /** Whether the value itself may not be shown either. */
  hidden?: boolean;
}

export type LeafResult<T> = { value: T } | { problems: readonly LeafProblem[] };

/** JSON Schema keywords of a leaf; strings with a `pattern` are allowed to be placeholders as well, see json-schema.ts. */
export type LeafJson = Readonly<Record<string, unknown>>;

/**
 * A schema for one value: `parse` decides and says what was expected, `json` describes the same for editors.
 * The issue that it raises carries a {@link LeafProblem} in `params`.
 */
export function leaf<T>(json: LeafJson, parse: (input: unknown) => LeafResult<T>) {
  return z
    .unknown()
    .transform((input, context): T => {
      const result = parse(input);
      if ('value' in result) return result.value;
      for (const problem of result.problems) {
        const path = problem.item === undefined ? [] : [problem.item];
        context.issues.push({ code: 'custom', input, path, message: problem.expected, params: { problem } });
      }
      return z.NEVER;
    })
    .meta(json);
}

const wrong = (expected: string, suggestion?: string): LeafResult<never> => ({
  problems: [{ code: 'bad_value', expected, ...(suggestion !== undefined && { suggestion }) }],
});

const outOfRange = (expected: string): LeafResult<never> => ({ problems: [{ code: 'out_of_range', expected }] });

interface Unit {
  pattern: string;
  noun: string;
  parse(text: string): number | null;
  suggest(text: string): string | undefined;
  format(value: number): string;
}

const DURATION: Unit = {
  pattern: DURATION_PATTERN,
  noun: 'a duration such as 500ms, 30s, 5m, 2h or 14d',
  parse: parseDuration,
  suggest: suggestDuration,
  format: formatDuration,
};

const SIZE: Unit = {
  pattern: SIZE_PATTERN,
  noun: 'a size such as 64KiB, 1MiB or 10MB',
  parse: parseSize,
  suggest: suggestSize,
  format: formatSize,
};

function quantity(unit: Unit, least: number, most: number) {
  const range = `${unit.noun}, from ${unit.format(least)} to ${unit.format(most)}`;
  return leaf({ type: 'string', pattern: unit.pattern, expected: range }, (input): LeafResult<number> => {
    if (typeof input !== 'string' && typeof input !== 'number') return wrong(range);
    const value = unit.parse(String(input));
    if (value === null) return wrong(range, unit.suggest(String(input)));
    return value < least || value > most ? outOfRange(range) : { value };
  });
}

/** A duration in ms, both bounds allowed and given in ms. */
export const duration = (least: number, most: number) => quantity(DURATION, least, most);

/** A size in bytes, both bounds allowed and given in bytes. */
export const size = (least: number, most: number) => quantity(SIZE, least, most);

/** A number; one that a placeholder filled in arrives as text. */
export function number(least: number, most: number, whole: boolean) {
  const expected = `a ${whole ? 'whole ' : ''}number from ${least} to ${most}`;
  const json = {
    type: [whole ? 'integer' : 'number', 'string'],
    minimum: least,
    maximum: most,
    pattern: '^[0-9]+([.][0-9]+)?$',
    expected,
  };
  return leaf(json, (input): LeafResult<number> => {
    const isText = typeof input === 'string' && /^[0-9]{1,15}([.][0-9]{1,15})?$/.test(input);
    const value = isText ? Number(input) : input;
    if (typeof value !== 'number' || !Number.isFinite(value) || (whole && !Number.isInteger(value))) return wrong(expected);
    return value < least || value > most ? outOfRange(expected) : { value };
  });
}

const RATE = 'a rate such as 100/s, 600/m or 5000/h';

/** So many in a second, a minute or an hour. */
export function rate() {
  return leaf({ type: 'string', pattern: RATE_PATTERN, expected: RATE }, (input): LeafResult<Rate> => {
    if (typeof input !== 'string' && typeof input !== 'number') return wrong(RATE);
    const value = parseRate(String(input));
    return value === null ? wrong(RATE, suggestRate(String(input))) : { value };
  });
}

/** True or false; one that a placeholder filled in arrives as text. */
export function flag() {
  const expected = 'true or false';
  return leaf({ type: ['boolean', 'string'], pattern: '^(true|false)$', expected }, (input): LeafResult<boolean> => {
    if (typeof input === 'boolean') return { value: input };
    return input === 'true' || input === 'false' ? { value: input === 'true' } : wrong(expected);
  });
}

/** One of a few words. */
export function choice<const T extends string>(options: readonly T[]) {
  const expected = options.length === 1 ? `${options[0]}` : `one of ${options.join(', ')}`;
  return leaf({ type: 'string', enum: options, expected }, (input): LeafResult<T> => {
    const found = options.find((option) => option === input);
    if (found !== undefined) return { value: found };
    return wrong(expected, typeof input === 'string' ? closest(input, options) : undefined);
  });
}

/** A text that `accepts`, described by `expected`. */
export function text(expected: string, pattern: RegExp, code: FaultCode = 'bad_value') {
  return leaf({ type: 'string', pattern: pattern.source, expected }, (input): LeafResult<string> => {
    if (typeof input === 'string' && pattern.test(input)) return { value: input };
    return { problems: [{ code, expected }] };
  });
}

const LISTEN = 'host:port, for example 127.0.0.1:8080 or [::1]:8080; port 0 takes a free one';
const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?)*$/;

/** An address to listen on. */
export function listenAddress() {
  return leaf(
    { type: 'string', pattern: '^.+:[0-9]{1,5}$', expected: LISTEN },
    (input): LeafResult<{ host: string; port: number }> => {
      const given = String(input);
      if (/^:?[0-9]{1,5}$/.test(given)) return wrong(LISTEN, `0.0.0.0:${given.replace(':', '')}`);
      const parts = typeof input === 'string' ? /^(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})$/.exec(input) : null;
      const port = Number(parts?.[3]);
      if (parts === null || port > 65_535) return wrong(LISTEN);
      const [, inner, plain] = parts;
      if (inner !== undefined) return isIP(inner) === 6 ? { value: { host: inner, port } } : wrong(LISTEN);
      if (plain === undefined) return wrong(LISTEN);
      // 300.1.1.1 has the shape of a host name, but nobody means one.
      const looksNumeric = /^[0-9.]+$/.test(plain);
      return (looksNumeric ? isIP(plain) === 4 : HOST_NAME.test(plain)) ? { value: { host: plain, port } } : wrong(LISTEN);
    },
  );
}

const RANGE = 'an address or a CIDR range, for example 10.0.0.0/8 or fd00::/8';

/** An IP address or a CIDR range, kept as written. */
export function addressRange() {
  return leaf({ type: 'string', expected: RANGE }, (input): LeafResult<string> => {
    const parts = typeof input === 'string' ? /^([^/]+)(?:\/([0-9]{1,3}))?$/.exec(input) : null;
    const family = isIP(parts?.[1] ?? '');
    const prefix = Number(parts?.[2] ?? 0);
    if (parts === null || family === 0 || prefix > (family === 4 ? 32 : 128)) return wrong(RANGE);
    return { value: parts[0] };
  });
}

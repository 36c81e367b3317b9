import { createRequire } from 'node:module';
import { type LeafResult, leaf } from './leaves.ts';

type Jsonata = typeof import('jsonata');

/** Loaded with the first expression: most configurations have none. */
const load = createRequire(import.meta.url);

const EXPECTED = 'a JSONata expression in quotes, for example "payload.total > 10"';
const LONGEST = 16 * 1024;

/** Our own words, because the library's name pieces of the text, which a placeholder may have filled in. */
const SYNTAX: Readonly<Record<string, string>> = {
  S0101: 'a text has no closing quote',
  S0102: 'a number is too large',
  S0103: 'an escape in a text is not valid',
  S0104: 'a \\u is not followed by four hex digits',
  S0105: 'a name in backticks has no closing one',
  S0106: 'a comment has no end',
  S0201: 'something stands where nothing can',
  S0202: 'something else was to come',
  S0203: 'it ends too early',
  S0204: 'an operator is not known',
  S0207: 'it ends too early',
  S0211: 'an operator needs something before it',
  S0301: 'a regular expression is empty',
  S0302: 'a regular expression has no closing slash',
};

interface Found {
  code: string;
  position: number;
}

function isFound(error: unknown): error is Found {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';
}

/** Says what is wrong with the syntax of an expression, or null. Nothing is evaluated. */
export function syntaxFault(expression: string): string | null {
  try {
    (load('jsonata') as Jsonata)(expression);
    return null;
  } catch (error) {
    if (!isFound(error)) return 'this is no expression';
    const what = SYNTAX[error.code] ?? 'this is no expression';
    return `${what}${typeof error.position === 'number' ? `, at character ${error.position}` : ''} (${error.code})`;
  }
}

/** A JSONata expression, kept as it is written. */
export function expression() {
  return leaf({ type: 'string', expected: EXPECTED }, (input): LeafResult<string> => {
    if (typeof input !== 'string') return { problems: [{ code: 'wrong_type', expected: EXPECTED }] };
    if (input.trim() === '' || input.length > LONGEST) return { problems: [{ code: 'bad_expression', expected: EXPECTED }] };
    const fault = syntaxFault(input);
    if (fault === null) return { value: input };
    return { problems: [{ code: 'bad_expression', message: `this is not JSONata: ${fault}`, expected: EXPECTED }] };
  });
}

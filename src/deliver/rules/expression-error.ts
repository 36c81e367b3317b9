/** What the codes of JSONata mean that an expression meets while it runs. Its own messages quote the event, so they are not used. */
const MEANINGS: Readonly<Record<string, string>> = {
  D1001: 'a number is out of range',
  D1002: 'only a number can be negated',
  D1004: 'a regular expression matches nothing, without end',
  D1009: 'two values for one key of an object',
  D1011: 'a function calls itself without end',
  D2014: 'a range is too large',
  D2015: 'a list is too long',
  D3001: 'an infinite number cannot become text',
  D3030: 'this is no number',
  D3137: '$error was called',
  D3138: 'more than one value fits $single',
  D3139: 'no value fits $single',
  D3141: '$assert was false',
  T0410: 'an argument has the wrong type',
  T0411: 'the context has the wrong type for a function',
  T0412: 'an argument is a list of the wrong type',
  T1003: 'a key of an object is no text',
  T1005: 'this is no function; its name needs a $',
  T1006: 'this is no function',
  T1007: 'this is no function; its name needs a $',
  T1008: 'this is no function',
  T2001: 'what stands left of an operator is no number',
  T2002: 'what stands right of an operator is no number',
  T2003: 'the beginning of a range is no whole number',
  T2004: 'the end of a range is no whole number',
  T2006: 'what stands right of ~> is no function',
  T2009: 'only numbers, or only texts, can be compared',
  T2010: 'only numbers and texts can be compared',
};

interface ExpressionError {
  code: string;
  position?: unknown;
}

function isExpressionError(error: unknown): error is ExpressionError {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';
}

/** Says what went wrong in an evaluation, without any text of the event: the code, and where in the expression. */
export function describeError(error: unknown): string {
  if (!isExpressionError(error) || !/^[A-Z]\d{4}$/.test(error.code)) {
    return error instanceof RangeError ? 'a value became too large or too deep' : 'it could not be evaluated';
  }
  const where = typeof error.position === 'number' ? ` at character ${error.position}` : '';
  const meaning = MEANINGS[error.code];
  return `${meaning === undefined ? 'it could not be evaluated' : meaning} (JSONata ${error.code}${where})`;
}

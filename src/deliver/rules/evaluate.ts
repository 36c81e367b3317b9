import jsonata from 'jsonata';
import { isHeaderName, isHeaderValue, isSettable } from '../../domain/header-rules.ts';
import { describeError } from './expression-error.ts';
import { LARGEST_BODY, type Scope, scopeOf } from './scope.ts';
import { type Expressions, failed, type Step, type Verdict, type Work } from './work.ts';

/** The largest body that a transform may yield. */
const LARGEST_RESULT = 16 * 1024 * 1024;
const MOST_HEADERS = 100;

/** Bounds within an expression; what they do not catch ends at the deadline, or at the memory of the thread. */
const BOUNDS = { stack: 1000, sequence: 1_000_000 };

/** Expressions change with the configuration only, so few are ever kept. */
const MOST_KEPT = 1000;
const compiled = new Map<string, jsonata.Expression>();

function compile(text: string): jsonata.Expression {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  if (compiled.size >= MOST_KEPT) compiled.clear();
  const expression = jsonata(text, BOUNDS);
  // What a sender writes must not become code.
  expression.assign('eval', undefined);
  compiled.set(text, expression);
  return expression;
}

const TRUTH = jsonata('$boolean($value)');

/** As JSONata's conditions have it: an empty text, list or object, zero, null and nothing at all are false. */
async function isTrue(value: unknown): Promise<boolean> {
  return (await TRUTH.evaluate(null, { value })) === true;
}

/** An expression, or the value of one, is not what it has to be. The message holds no piece of the event. */
class WrongResult extends Error {}

function isFunction(value: unknown): boolean {
  if (typeof value === 'function') return true;
  return typeof value === 'object' && value !== null && ('_jsonata_lambda' in value || '_jsonata_function' in value);
}

function typeName(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return isFunction(value) ? 'a function' : `a ${typeof value}`;
}

function bodyOf(value: unknown): { bytes: Uint8Array; isJson: boolean } {
  const isText = typeof value === 'string';
  if (!isText && (typeof value !== 'object' || value === null || isFunction(value))) {
    throw new WrongResult(`it yields ${typeName(value)}, and not a text, an object or a list`);
  }
  const text = isText ? value : JSON.stringify(value, (_key, inner: unknown) => (isFunction(inner) ? undefined : inner));
  const bytes = text.length > LARGEST_RESULT ? null : Buffer.from(text, 'utf8');
  if (bytes === null || bytes.length > LARGEST_RESULT) throw new WrongResult('its result is larger than 16 MiB');
  return { bytes, isJson: !isText };
}

function headersOf(value: unknown): [string, string | null][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isFunction(value)) {
    throw new WrongResult(`it yields ${Array.isArray(value) ? 'a list' : typeName(value)}, and not an object of headers`);
  }
  const entries = Object.entries(value);
  if (entries.length > MOST_HEADERS) throw new WrongResult(`it yields more than ${MOST_HEADERS} headers`);
  return entries.map(([name, given]: [string, unknown]) => {
    if (!isHeaderName(name)) throw new WrongResult('a name of a header has characters that none can have');
    if (!isSettable(name)) throw new WrongResult('it sets a header that the relay itself decides about');
    if (given === null) return [name, null];
    const text = typeof given === 'number' || typeof given === 'boolean' ? String(given) : given;
    if (typeof text !== 'string' || !isHeaderValue(text)) {
      throw new WrongResult('a value of a header is no text of visible characters');
    }
    return [name, text];
  });
}

async function evaluateAll(expressions: Expressions, scope: Scope, begin: (step: Step) => void): Promise<Verdict> {
  const { filter, body, headers } = expressions;
  // Bindings of its own for each evaluation, so that nothing of one event is seen by the next.
  const resultOf = (text: string): Promise<unknown> => compile(text).evaluate(scope, {});
  if (filter !== null) {
    begin('filter');
    if (!(await isTrue(await resultOf(filter)))) return { kind: 'filtered' };
  }
  if (body !== null) begin('body');
  const newBody = body === null ? null : bodyOf(await resultOf(body));
  if (headers !== null) begin('headers');
  return { kind: 'passes', body: newBody, headers: headers === null ? [] : headersOf(await resultOf(headers)) };
}

/**
 * Evaluates the expressions of an edge over an event. Never rejects; it may not come to an end, or take all memory, so it
 * belongs into a thread that can be killed. @param begun told of every step before it begins
 */
export async function evaluate({ expressions, event }: Omit<Work, 'id'>, begun: (step: Step) => void): Promise<Verdict> {
  let step: Step = 'payload';
  const begin = (next: Step): void => {
    step = next;
    begun(next);
  };
  try {
    begin('payload');
    if (event.body.length > LARGEST_BODY)
      return failed(expressions, step, 'it is larger than the 16 MiB that expressions look into');
    return await evaluateAll(expressions, scopeOf(event), begin);
  } catch (error) {
    return failed(expressions, step, error instanceof WrongResult ? error.message : describeError(error));
  }
}

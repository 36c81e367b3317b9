import * as z from 'zod';
import { CONNECTION_HEADERS, HEADER_NAME, OWN_HEADER_PREFIX, SIGNATURE_HEADERS } from '../domain/header-rules.ts';
import type { Path } from './fault.ts';
import { type LeafResult, leaf, text } from './leaves.ts';
import { HIDDEN } from './shown-url.ts';
import { type TreeFault, valueAt } from './tree.ts';

/** `headers: { add, remove }`: what is changed in the headers of attempts. */

/** Names are compared without regard to case. */
export interface HeaderChanges {
  /** Each takes the place of every header of its name. */
  add: readonly AddedHeader[];
  /** In lower case. */
  remove: readonly string[];
}

export interface AddedHeader {
  name: string;
  value: string;
  isSecret: boolean;
}

const VALUE = 'printable ASCII characters without spaces around them, at most 8 KiB';
const LONGEST_VALUE = 8 * 1024;
const NAMES = 'a list of header names, for example [x-internal]';

/** The value of a header that is sent. It is never shown in a fault, for it may be a secret. */
function addedValue() {
  const expected = `a text of ${VALUE}`;
  return leaf({ type: ['string', 'number', 'boolean'], expected }, (input): LeafResult<string> => {
    const value = typeof input === 'number' || typeof input === 'boolean' ? String(input) : input;
    const fits =
      typeof value === 'string' && value.length <= LONGEST_VALUE && /^([\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?)?$/.test(value);
    return fits ? { value } : { problems: [{ code: 'bad_value', expected, hidden: true }] };
  });
}

export const headerChanges = z
  .strictObject({
    add: z.record(z.string(), addedValue()).prefault({}).meta({
      description:
        "Headers that are sent, each in place of the sender's of that name. What a placeholder fills in is hidden wherever it is shown. An empty value counts as not configured.",
      expected: 'a map from header names to values: { x-api-key: "${API_KEY}" }',
    }),
    remove: z
      .array(text('the name of a header', HEADER_NAME, 'bad_header'))
      .prefault([])
      .meta({
        description: 'Headers that are not sent.',
        expected: NAMES,
      }),
  })
  .meta({ expected: '{ add: { x-a: b }, remove: [x-c] }' });

/** Why a header cannot be changed, or null. `via` tells requests that go round in a circle. */
function reserved(name: string, change: 'add' | 'remove', isSigned: boolean): string | null {
  const lower = name.toLowerCase();
  if (CONNECTION_HEADERS.has(lower)) return `${name} belongs to the connection`;
  if (lower === 'via') return 'via is how the relay notices that an event goes round in a circle';
  if (change === 'add' && lower.startsWith(OWN_HEADER_PREFIX)) return `${name} is a name that only the relay uses`;
  return isSigned && SIGNATURE_HEADERS.has(lower) ? `${name} belongs to the signature` : null;
}

/**
 * What is wrong with the names in `headers: { add, remove }`; values are checked by {@link headerChanges}.
 * @param at where `headers` stands
 * @param isSigned whether what is sent is signed
 */
export function headerRules(file: unknown, at: Path, isSigned: boolean): TreeFault[] {
  const add = valueAt(file, [...at, 'add']);
  const remove = valueAt(file, [...at, 'remove']);
  const names = typeof add === 'object' && add !== null && !Array.isArray(add) ? Object.keys(add) : [];
  const seen = new Set<string>();
  const faults: TreeFault[] = [];
  for (const name of names) {
    const path = [...at, 'add', name];
    const why = HEADER_NAME.test(name) ? reserved(name, 'add', isSigned) : 'this is no name of a header';
    if (why !== null) {
      faults.push({ path, atKey: true, code: 'bad_header', message: why, expected: 'the name of a header that is yours to set' });
    } else if (seen.has(name.toLowerCase())) {
      faults.push({ path, atKey: true, code: 'repeated', message: `${name} is there twice`, expected: 'each header once' });
    }
    seen.add(name.toLowerCase());
  }
  for (const [index, name] of (Array.isArray(remove) ? remove : []).entries()) {
    const why = typeof name === 'string' ? reserved(name, 'remove', isSigned) : null;
    const expected = 'the name of a header that can be left out';
    if (why !== null) faults.push({ path: [...at, 'remove', index], code: 'bad_header', message: why, expected });
  }
  return faults;
}

/** Whoever writes a token into the file itself has named it so. */
const TELLING_NAME = /auth|cookie|token|secret|password|signature|key/i;

/**
 * The changes as they are used; null when there are none.
 * @param isFilled whether the value of the added header of this name came from a placeholder
 */
export function resolveHeaders(
  headers: z.output<typeof headerChanges> | undefined,
  isFilled: (name: string) => boolean,
): HeaderChanges | null {
  if (headers === undefined) return null;
  const add = Object.entries(headers.add)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ({ name, value, isSecret: isFilled(name) || TELLING_NAME.test(name) }));
  const remove = [...new Set(headers.remove.map((name) => name.toLowerCase()))];
  return add.length + remove.length === 0 ? null : { add, remove };
}

/** In the shape of the file, secrets hidden. */
export function headersShown(changes: HeaderChanges | null): object | null {
  if (changes === null) return null;
  const add = changes.add.map(({ name, value, isSecret }): [string, string] => [name, isSecret ? HIDDEN : value]);
  return { add: Object.fromEntries(add), remove: changes.remove };
}

/** Shorter ones would blot out ordinary words when they are censored everywhere, and protect nothing anyway. */
const SHORTEST_SECRET = 8;

/** What is secret in added headers: whole values, and what follows a scheme such as `Bearer`. */
export function headerSecrets(changes: HeaderChanges | null): string[] {
  const values = (changes?.add ?? []).filter(({ isSecret }) => isSecret).map(({ value }) => value);
  return [...values, ...values.map((value) => value.split(' ').at(-1) ?? '')].filter((part) => part.length >= SHORTEST_SECRET);
}

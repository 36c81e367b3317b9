import * as z from 'zod';
import { isHeaderValue } from '../domain/header-rules.ts';
import { expression } from './expression.ts';
import { duration, type LeafResult, leaf } from './leaves.ts';

/** The rules on the way from a route to one target. */

const DAY = 24 * 60 * 60_000;

const HEADER_VALUE = 'a text of visible characters';
const HEADER_NAME = 'the name of a header';
const REMOVE = 'a list of names of headers, for example [x-internal]';
const TRANSFORM = 'a JSONata expression in quotes that yields the body, or { body, headers } of them';
const PATH = 'a path that begins with /, for example /orders, without a query';

function headerValue() {
  return leaf({ type: ['string', 'number', 'boolean'], expected: HEADER_VALUE }, (input): LeafResult<string> => {
    const value = typeof input === 'number' || typeof input === 'boolean' ? String(input) : input;
    if (typeof value === 'string' && isHeaderValue(value)) return { value };
    return { problems: [{ code: 'bad_value', expected: HEADER_VALUE, hidden: true }] };
  });
}

function headerName() {
  return leaf({ type: 'string', expected: HEADER_NAME }, (input): LeafResult<string> => {
    return typeof input === 'string' ? { value: input } : { problems: [{ code: 'wrong_type', expected: HEADER_NAME }] };
  });
}

/** RFC 3986 section 3.3; a dot segment would lead out of the target's path. */
const SEGMENTS = /^(?:\/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)+$/;
const DOTS = /\/(?:\.|%2e){1,2}(?=\/|$)/i;

function pathSuffix() {
  return leaf({ type: 'string', pattern: '^/', expected: PATH }, (input): LeafResult<string> => {
    const isPath = typeof input === 'string' && input.length <= 1024 && SEGMENTS.test(input) && !DOTS.test(input);
    return isPath ? { value: input } : { problems: [{ code: 'bad_path', expected: PATH }] };
  });
}

const transform = z
  .union([
    expression(),
    z
      .strictObject({
        body: expression().optional().meta({ description: 'Yields the body: text as it is, an object or a list as JSON.' }),
        headers: expression().optional().meta({
          description: 'Yields an object: names of headers and their values, which are set; null takes a header out.',
        }),
      })
      .meta({ expected: TRANSFORM }),
  ])
  .meta({
    description:
      'JSONata that yields what this target gets in place of the body: text as it is, an object or a list as JSON. Without it the body goes out byte for byte. See docs/rules.md.',
    expected: TRANSFORM,
  });

const headers = z
  .strictObject({
    add: z.record(z.string(), headerValue()).prefault({}).meta({
      description: "Set on what this target gets, in place of the sender's header of that name.",
      expected: 'a map from header names to values: { x-tenant: acme }',
    }),
    remove: z.array(headerName()).prefault([]).meta({
      description: 'Headers of the sender that this target does not get.',
      expected: REMOVE,
    }),
  })
  .meta({
    description: 'Headers that this target gets besides, or does not get.',
    expected: '{ add: { x-a: b }, remove: [x-c] }',
  });

/** Keys of one entry of `deliver`. */
export const edgeKeys = {
  filter: expression().optional().meta({
    description:
      'JSONata over `payload`, `headers`, `query` and `event`: only what it is true of goes to this target, the rest is kept as filtered. See docs/rules.md.',
  }),
  transform: transform.optional(),
  headers: headers.optional(),
  path: pathSuffix().optional().meta({ description: "Appended to the path of the target's URL." }),
  delay: duration(1, 30 * DAY)
    .optional()
    .meta({
      description: 'The first attempt is made so long after the event was received, at the earliest. A replay does not wait.',
    }),
};

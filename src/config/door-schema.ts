import * as z from 'zod';
import { addressRange, choice, flag, type LeafResult, leaf, number, rate, text } from './leaves.ts';

/** What concerns the way in: TLS of the public listener, and who and how much a route lets in and what it answers. */

const FILE = 'the path of a file';
const filePath = () => text(FILE, /^[^\0]+$/);

export const tls = z
  .strictObject({
    cert: filePath().meta({ description: 'The certificate in PEM, its own first, then those that lead to the root.' }),
    key: filePath().meta({ description: 'Its private key in PEM, without a passphrase.' }),
  })
  .meta({
    description:
      "TLS (1.2 or newer) on the public listener. Relative paths start at this file's folder; files that change are taken within ten seconds, without a reload. Adding or removing `tls` needs a restart.",
    expected: '{ cert: ./tls/cert.pem, key: ./tls/key.pem }',
  });

const MOST_PENDING = 1_000_000_000;

/** How many deliveries of one route may be pending. */
export const backlog = () => number(1, MOST_PENDING, true);

const SOURCES = 'a list of addresses or CIDR ranges, for example [203.0.113.0/24, "2001:db8::/32"]';

const schema = z
  .strictObject({
    file: filePath().meta({
      description: "A JSON Schema, draft 2020-12 or draft-07 by its `$schema`; a relative path starts at this file's folder.",
    }),
    onInvalid: choice(['hold', 'refuse']).prefault('hold').meta({
      description:
        '`hold`: what does not match is acknowledged, and its deliveries wait for a person to release or discard them. `refuse`: it is answered with 422.',
    }),
  })
  .meta({ description: 'What bodies must look like.', expected: '{ file: ./schema.json, onInvalid: hold }' });

const HEADER_VALUE = 'a text of printable characters';
const BODY = 'a text of at most 64 KiB; JSON in quotes';
const LONGEST_BODY = 64 * 1024;

function headerValue() {
  return leaf({ type: ['string', 'number', 'boolean'], expected: HEADER_VALUE }, (input): LeafResult<string> => {
    const value = typeof input === 'number' || typeof input === 'boolean' ? String(input) : input;
    if (typeof value === 'string' && /^[\x20-\x7e]{0,1024}$/.test(value)) return { value };
    return { problems: [{ code: 'bad_value', expected: HEADER_VALUE }] };
  });
}

function bodyText() {
  return leaf({ type: 'string', expected: BODY }, (input): LeafResult<string> => {
    if (typeof input === 'string' && Buffer.byteLength(input) <= LONGEST_BODY) return { value: input };
    return { problems: [{ code: 'bad_value', expected: BODY }] };
  });
}

const respond = z
  .strictObject({
    status: number(200, 299, true).prefault(200).meta({ description: 'A 2xx: anything else would make the sender try again.' }),
    headers: z.record(z.string(), headerValue()).prefault({}).meta({
      description: 'Further headers of the answer. `content-type` is text/plain, or application/json when the body is JSON.',
      expected: 'a map from header names to values: { x-received-by: hookbay }',
    }),
    body: bodyText().optional().meta({
      description: 'The body of the answer. Left out: the standard one, with the id of the event; "" for none.',
    }),
  })
  .meta({
    description: 'What an accepted webhook and a duplicate are answered with, in place of the standard 200.',
    expected: '{ status: 202, headers: { x-a: b }, body: "ok" }',
  });

/** Keys of a route. */
export const doorKeys = {
  sources: z.array(addressRange()).min(1, { error: SOURCES }).optional().meta({
    description: 'Who may send; others get 403. Behind a proxy, `trustedProxies` must name it. Left out: everybody.',
    expected: SOURCES,
  }),
  requireHttps: flag().prefault(false).meta({
    description:
      'Refuses with 403 what did not come over TLS: to this listener, or to a proxy among `trustedProxies` that says so with X-Forwarded-Proto.',
  }),
  rateLimit: rate().optional().meta({
    description:
      'How many requests are taken; past it 429 with Retry-After. The number may come all at once and is filled up evenly. Requests that turn out to be wrongly signed count too.',
  }),
  backlog: backlog().optional().meta({
    description: 'How many deliveries of this route may be pending, in place of `limits.backlog`.',
  }),
  schema: schema.optional(),
  respond: respond.optional(),
};

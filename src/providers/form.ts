import { hash } from 'node:crypto';

/** The fields of a form, in their order; a field may come more than once. */
export type FormFields = ReadonlyMap<string, readonly string[]>;

const FORM = 'application/x-www-form-urlencoded';
/** As many as PHP takes. Sorting millions of them would hold up every other request. */
const MOST_FIELDS = 1_000;
const AMPERSAND = 0x26;

export function isForm(contentType: string | null): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === FORM;
}

/** @returns null for what is not sent as a form, or has too many fields */
export function parseForm(contentType: string | null, body: Buffer): FormFields | null {
  if (!isForm(contentType)) return null;
  let separators = 0;
  for (const byte of body) if (byte === AMPERSAND) separators += 1;
  if (separators >= MOST_FIELDS) return null;
  const fields = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(body.toString())) {
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  }
  return fields;
}

/** The query parameter in which Twilio sends the hash of a body that is no form. */
export const BODY_HASH = 'bodySHA256';

/**
 * A form as Twilio signs it (https://www.twilio.com/docs/usage/security): names in order, each followed by its values. A body
 * that is no form is covered by its hash in the query, and the form is then empty.
 * @returns null when nothing covers the body
 */
export function signedForm(request: { query: string; body: Buffer; form(): FormFields | null }): string | null {
  const expected = new URLSearchParams(request.query).get(BODY_HASH);
  if (expected !== null) return expected.toLowerCase() === hash('sha256', request.body) ? '' : null;
  if (request.body.length === 0) return '';
  const fields = request.form();
  if (fields === null) return null;
  let text = '';
  for (const name of [...fields.keys()].sort()) {
    const values = fields.get(name) ?? [];
    // Equal values of one name count once, as in the vendor's library.
    for (const value of values.length > 1 ? [...new Set(values)].sort() : values) text += name + value;
  }
  return text;
}

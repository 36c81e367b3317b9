import { CREDENTIAL_MARK } from '../domain/credential-mark.ts';
import { type HeaderList, REJECTION_BODY_BYTES } from '../domain/event.ts';
import { isForm } from '../providers/form.ts';
import { queryWithoutSecrets, type SecretPlaces } from './stored-parts.ts';

/** Parts of header names whose values may be secrets, also of senders that are not ours. */
const SECRET_NAMES = ['authorization', 'cookie', 'token', 'secret', 'password', 'api-key', 'apikey', 'access-key'];

/** A refused credential may be a right one elsewhere, so none is kept. Signatures are no secrets. */
export function redactedHeaders(headers: HeaderList, { headers: places }: Pick<SecretPlaces, 'headers'>): HeaderList {
  return headers.map(([name, value]) => {
    const lower = name.toLowerCase();
    const isSecret = places.includes(lower) || SECRET_NAMES.some((part) => lower.includes(part));
    return [name, isSecret ? CREDENTIAL_MARK : value];
  });
}

/** A secret that a provider hands over may come to a route that is another's. */
const HANDED_OVER = 'verification_token';

/** Nobody's passcode comes in more, and writing a large body anew would hold up other requests. */
const LARGEST_REWRITTEN = 64 * 1024;

/**
 * The beginning of a refused body, as text. Where a provider's credential stands in the body it is taken out, for which the body
 * is read and written anew: a member that comes twice would otherwise keep the first. Where that cannot be done nothing is kept.
 */
export function keptBody(body: Buffer, contentType: string | null, { body: places }: Pick<SecretPlaces, 'body'>): string {
  if (places.length === 0 && !body.includes(HANDED_OVER)) return body.toString('utf8', 0, REJECTION_BODY_BYTES);
  if (body.length > LARGEST_REWRITTEN) return '';
  const fields = places.flatMap((place) => (place.in === 'form' ? [place.name] : []));
  const paths = [[HANDED_OVER], ...places.flatMap((place) => (place.in === 'body' ? [place.path] : []))];
  const text = fields.length > 0 ? formWithout(body, contentType, fields) : jsonWithout(body, paths);
  return Buffer.from(text).toString('utf8', 0, REJECTION_BODY_BYTES);
}

function formWithout(body: Buffer, contentType: string | null, fields: readonly string[]): string {
  return isForm(contentType) ? queryWithoutSecrets(body.toString(), fields) : '';
}

function jsonWithout(body: Buffer, paths: readonly (readonly string[])[]): string {
  try {
    const payload: unknown = JSON.parse(body.toString());
    return JSON.stringify(paths.reduce(withMark, payload));
  } catch {
    return ''; // no JSON, or nested more deeply than it can be written
  }
}

/** A copy with the mark at a path; a step `*` is every item. A path that leads nowhere changes nothing. */
function withMark(value: unknown, path: readonly string[]): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return CREDENTIAL_MARK;
  if (typeof value !== 'object' || value === null) return value;
  const marked = (key: string, inner: unknown): unknown => (step === '*' || key === step ? withMark(inner, rest) : inner);
  if (Array.isArray(value)) return value.map((inner, i) => marked(String(i), inner));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, marked(key, inner)]));
}

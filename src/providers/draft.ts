import { HookbayError } from '../domain/errors.ts';
import { ReadableRequest } from './readable.ts';
import type { Source } from './source.ts';

/** A request to be sent. Header names are in lower case. */
export interface OutgoingRequest {
  method: string;
  path: string;
  /** Without the question mark. */
  query: string;
  headers: Record<string, string>;
  body: Buffer;
}

export function cannotSign(message: string, hint?: string): HookbayError {
  return new HookbayError({ code: 'cannot_sign', status: 422, message, ...(hint === undefined ? {} : { hint }) });
}

/** The request as whoever receives it will read it. */
export function readable({ method, path, query, headers, body }: OutgoingRequest): ReadableRequest {
  const contentType = headers['content-type'] ?? null;
  return new ReadableRequest({ method, path, query, contentType, headers: Object.entries(headers), body });
}

/**
 * Puts a text in its place in a request.
 * @param item what a step `*` of a path stands for
 * @throws HookbayError `cannot_sign` for a place that nothing can be put in
 */
export function place(request: OutgoingRequest, source: Source, text: string, item = 0): void {
  switch (source.in) {
    case 'header':
      request.headers[source.name.replace('*', '1')] = text;
      return;
    case 'bearer':
      request.headers.authorization = `Bearer ${text}`;
      return;
    case 'query':
      request.query = withParameter(request.query, source.name, text);
      return;
    case 'body':
      request.body = withText(request.body, source.path, text, item);
      return;
    case 'form': {
      const form = new URLSearchParams(request.body.toString());
      form.set(source.name, text);
      request.body = Buffer.from(form.toString());
      return;
    }
    case 'sig':
      throw cannotSign(`'${source.name}' stands inside the signature`);
    default:
      source satisfies never;
  }
}

/** The other parameters stay as they are written, because the URL may be signed. */
function withParameter(query: string, name: string, text: string): string {
  const others = query.split('&').filter((part) => part !== '' && !new URLSearchParams(part).has(name));
  return [...others, new URLSearchParams([[name, text]])].join('&');
}

function withText(body: Buffer, path: readonly string[], text: string, item: number): Buffer {
  let payload: unknown;
  try {
    payload = JSON.parse(body.toString());
  } catch {
    throw cannotSign(`the body is not JSON, and '${path.join('.')}' has to be put into it`);
  }
  return Buffer.from(JSON.stringify(setPath(payload, path, text, item)));
}

/** Sets a value in parsed JSON; objects that are missing on the way are made. */
export function setPath(payload: unknown, path: readonly string[], value: unknown, item = 0): unknown {
  const [written, ...rest] = path;
  if (written === undefined) return value;
  const step = written === '*' ? String(item) : written;
  if (step === '__proto__') throw cannotSign(`'${step}' cannot be set`);
  const inner = (container: object): unknown =>
    setPath(Object.hasOwn(container, step) ? (container as Record<string, unknown>)[step] : undefined, rest, value, item);
  if (Array.isArray(payload)) return Object.assign([...payload], { [step]: inner(payload) });
  const members = typeof payload === 'object' && payload !== null ? payload : {};
  return { ...members, [step]: inner(members) };
}

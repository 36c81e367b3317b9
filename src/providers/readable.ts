import type { HeaderList } from '../domain/event.ts';
import { CONFLICTING, headerValue, soleValue } from '../domain/header-list.ts';
import { type FormFields, parseForm } from './form.ts';
import { readPath, type Source } from './source.ts';

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const SPACE = 0x20;

/** What a request consists of. Header values have one character a byte (latin1). */
export interface RequestParts {
  method: string;
  path: string;
  /** Without the question mark. */
  query: string;
  contentType: string | null;
  headers: HeaderList;
  body: Buffer;
}

/** A request that sources can be read from: one that came in, or one that is being signed. */
export class ReadableRequest implements RequestParts {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly contentType: string | null;
  readonly headers: HeaderList;
  readonly body: Buffer;
  #parsed = false;
  #payload: unknown;
  #form: FormFields | null | undefined;

  constructor(parts: RequestParts) {
    this.method = parts.method;
    this.path = parts.path;
    this.query = parts.query;
    this.contentType = parts.contentType;
    this.headers = parts.headers;
    this.body = parts.body;
  }

  /** The body as JSON, undefined when it is not a JSON object or array. Parsed at most once, and only when asked for. */
  payload(): unknown {
    if (!this.#parsed) {
      this.#parsed = true;
      this.#payload = parseJson(this.body);
    }
    return this.#payload;
  }

  /** The body as a form; null when it is not sent as one, or has too many fields. Parsed at most once. */
  form(): FormFields | null {
    if (this.#form === undefined) this.#form = parseForm(this.contentType, this.body);
    return this.#form;
  }

  /** A member of the body's object as it is, undefined when there is none. */
  value(name: string): unknown {
    return readPath(this.payload(), [name]);
  }

  /** The list at a path of the body, or null. */
  list(path: readonly string[]): readonly unknown[] | null {
    const value = readPath(this.payload(), path);
    return Array.isArray(value) ? value : null;
  }

  /** The text at a source, numbers written out; null when there is none, or only an empty one. */
  text(source: Source, item = 0): string | null {
    const value = this.#value(source, item);
    if (typeof value === 'number') return String(value);
    return typeof value === 'string' && value !== '' ? value : null;
  }

  has(source: Source, item = 0): boolean {
    const value = this.#value(source, item);
    return value !== null && value !== undefined;
  }

  /**
   * What is at a source that must not be ambiguous, as a credential must not: several different values make it matter who
   * reads which. What is there without being a text is empty; null when nothing is there.
   */
  sole(source: Source, item = 0): string | typeof CONFLICTING | null {
    switch (source.in) {
      case 'header':
        return soleValue(this.headers, source.name);
      case 'bearer':
        if (soleValue(this.headers, 'authorization') === CONFLICTING) return CONFLICTING;
        break;
      case 'query':
        if (new Set(new URLSearchParams(this.query).getAll(source.name)).size > 1) return CONFLICTING;
        break;
      case 'form':
        if (new Set(this.form()?.get(source.name)).size > 1) return CONFLICTING;
        break;
      case 'body':
      case 'sig':
        break;
      default:
        source satisfies never;
    }
    return this.has(source, item) ? (this.text(source, item) ?? '') : null;
  }

  #value(source: Source, item: number): unknown {
    switch (source.in) {
      case 'header':
        return headerValue(this.headers, source.name);
      case 'body':
        return readPath(this.payload(), source.path, item);
      case 'query':
        return this.query === '' ? null : new URLSearchParams(this.query).get(source.name);
      case 'form':
        return this.form()?.get(source.name)?.[0] ?? null;
      case 'bearer':
        return bearerToken(headerValue(this.headers, 'authorization'));
      case 'sig':
        return null; // known only to whoever reads the signature
      default:
        return source satisfies never;
    }
  }
}

/** RFC 6750 section 2.1; another scheme in the header is no bearer token. */
function bearerToken(authorization: string | null): string | null {
  return authorization !== null && /^bearer /i.test(authorization) ? authorization.slice('bearer '.length).trim() : null;
}

/** Looks at the first byte before it decodes, so that binary bodies of any size cost nothing. */
function parseJson(body: Buffer): unknown {
  let at = 0;
  while (at < body.length && (body[at] ?? 0) <= SPACE) at += 1;
  if (body[at] !== OPEN_BRACE && body[at] !== OPEN_BRACKET) return undefined;
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

import type { HeaderList } from '../domain/event.ts';
import { readPath, type Source } from '../providers/source.ts';
import { headerValue } from './head.ts';

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const SPACE = 0x20;

/** A request with its whole body, before anything is known about its sender. */
export class ReceivedRequest {
  readonly route: string;
  readonly receivedAt: number;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly peer: string;
  readonly contentType: string | null;
  readonly headers: HeaderList;
  readonly body: Buffer;
  #parsed = false;
  #payload: unknown;

  constructor(
    fields: Pick<
      ReceivedRequest,
      'route' | 'receivedAt' | 'method' | 'path' | 'query' | 'peer' | 'contentType' | 'headers' | 'body'
    >,
  ) {
    this.route = fields.route;
    this.receivedAt = fields.receivedAt;
    this.method = fields.method;
    this.path = fields.path;
    this.query = fields.query;
    this.peer = fields.peer;
    this.contentType = fields.contentType;
    this.headers = fields.headers;
    this.body = fields.body;
  }

  /** The body as JSON, undefined when it is not a JSON object or array. Parsed at most once, and only when asked for. */
  payload(): unknown {
    if (!this.#parsed) {
      this.#parsed = true;
      this.#payload = parseJson(this.body);
    }
    return this.#payload;
  }

  /** The text at a source, numbers written out; null when there is none, or only an empty one. */
  text(source: Source): string | null {
    const value = this.#value(source);
    if (typeof value === 'number') return String(value);
    return typeof value === 'string' && value !== '' ? value : null;
  }

  has(source: Source): boolean {
    const value = this.#value(source);
    return value !== null && value !== undefined;
  }

  #value(source: Source): unknown {
    switch (source.in) {
      case 'header':
        return headerValue(this.headers, source.name);
      case 'body':
        return readPath(this.payload(), source.path);
      default:
        return source satisfies never;
    }
  }
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

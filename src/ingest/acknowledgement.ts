import type { ServerResponse } from 'node:http';
import type { RespondConfig } from '../config/types.ts';
import type { AppendResult } from '../domain/event.ts';

/** A route's 2xx, for accepted events and duplicates alike. */
export interface Acknowledgement {
  status: number;
  /** Names and values in turn, the length of a fixed body included. */
  headers: readonly string[];
  /** Null: the standard one, which names the event. */
  body: Buffer | null;
}

const STANDARD_HEADERS = ['content-type', 'application/json'];

/** Answers that have no body, and so no length either (RFC 9110 section 8.6). */
const NO_CONTENT = 204;
const RESET_CONTENT = 205;

/** Prepares a route's answer. Without a body of its own it has the standard one, where its status allows a body. */
export function acknowledgement({ status, headers, body }: RespondConfig): Acknowledgement {
  const own = headers.flat();
  if (status === NO_CONTENT) return { status, headers: own, body: Buffer.alloc(0) };
  if (status === RESET_CONTENT || body === '') return { status, headers: [...own, 'content-length', '0'], body: Buffer.alloc(0) };
  const hasType = headers.some(([name]) => name.toLowerCase() === 'content-type');
  if (body === null) return { status, headers: hasType ? own : [...STANDARD_HEADERS, ...own], body: null };
  const bytes = Buffer.from(body);
  const type = hasType ? [] : ['content-type', isJson(body) ? 'application/json' : 'text/plain; charset=utf-8'];
  return { status, headers: [...type, ...own, 'content-length', String(bytes.length)], body: bytes };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What became of an event that may be acknowledged. */
export type Acknowledged = Exclude<AppendResult, { kind: 'unavailable' }>;

/** So that a test event's sender, and an operator, can find what an answer with another body belongs to. */
export const EVENT_ID_HEADER = 'hookbay-event-id';

/** Writes the acknowledgement: the event is on disk, or was before. */
export function acknowledge(
  response: ServerResponse,
  { status, headers, body }: Acknowledgement,
  { kind, eventId }: Acknowledged,
  closing: boolean,
): void {
  // JSON in ASCII: one string with its length known goes out in one packet.
  const standard = body === null ? `{"status":"${kind}","eventId":"${eventId}"}` : null;
  const own = standard === null ? [EVENT_ID_HEADER, eventId] : ['content-length', String(standard.length)];
  response.writeHead(status, [...headers, ...own, ...(closing ? ['connection', 'close'] : [])]);
  if (body === null) response.end(standard, 'latin1');
  else response.end(body);
}

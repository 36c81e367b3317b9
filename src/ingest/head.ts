import { isIPv6 } from 'node:net';
import type { HeaderList } from '../domain/event.ts';

/** What the head of a request says, read in one pass over its raw headers. */
export interface RequestHead {
  /** Values as they arrived: one character a byte (latin1). */
  headers: HeaderList;
  contentType: string | null;
  /** Declared length of the body in bytes, 0 without one, null when the body comes in chunks. */
  length: number | null;
  /** All `x-forwarded-for` fields, joined. */
  forwardedFor: string | null;
  /** All `x-forwarded-proto` fields, joined. */
  forwardedProto: string | null;
  /** What is wrong with the framing, or null. */
  fault: string | null;
}

/**
 * Reads Node's `rawHeaders` (name, value, name, value, …). Node's parser has already refused conflicting
 * lengths; a Host that is missing (HTTP/1.1), repeated, empty or malformed it takes, so that is checked
 * here (RFC 9112 section 3.2).
 */
export function readHead(rawHeaders: readonly string[], hostRequired: boolean): RequestHead {
  const headers: [string, string][] = [];
  const head: RequestHead = { headers, contentType: null, length: 0, forwardedFor: null, forwardedProto: null, fault: null };
  let hosts = 0;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const value = rawHeaders[i + 1] ?? '';
    headers.push([name, value]);
    // Few names have these lengths, so few are put into lower case.
    switch (name.length) {
      case 4:
        if (name.toLowerCase() === 'host') {
          hosts += 1;
          if (!isHost(value)) head.fault = value === '' ? 'the Host header is empty' : 'the Host header is malformed';
        }
        break;
      case 12:
        if (head.contentType === null && name.toLowerCase() === 'content-type') head.contentType = value;
        break;
      case 14:
        if (head.length !== null && name.toLowerCase() === 'content-length') head.length = Number(value);
        break;
      case 15:
        if (name.toLowerCase() === 'x-forwarded-for') {
          head.forwardedFor = head.forwardedFor === null ? value : `${head.forwardedFor},${value}`;
        }
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') {
          head.length = null;
          // Any other coding would be stored still coded, with nothing left to say so (RFC 9112 section 6.1).
          if (value.toLowerCase() !== 'chunked') head.fault = 'the Transfer-Encoding is not chunked alone';
        } else if (name.toLowerCase() === 'x-forwarded-proto') {
          head.forwardedProto = head.forwardedProto === null ? value : `${head.forwardedProto},${value}`;
        }
        break;
    }
  }
  if (hosts > 1) head.fault = 'there is more than one Host header';
  if (hosts === 0 && hostRequired) head.fault = 'the Host header is missing';
  return head;
}

/** `uri-host [":" port]` (RFC 9110 section 7.2), without the sub-delimiters that no host name has. */
function isHost(value: string): boolean {
  const literal = value.startsWith('[');
  const nameEnd = literal ? value.indexOf(']') + 1 : value.indexOf(':');
  if (literal && nameEnd === 0) return false;
  const name = nameEnd < 0 ? value : value.slice(0, nameEnd);
  const port = nameEnd < 0 ? '' : value.slice(nameEnd);
  if (port !== '' && !/^:\d{0,5}$/.test(port)) return false;
  return literal ? isIPv6(name.slice(1, -1)) : /^[A-Za-z0-9._~%-]{1,255}$/.test(name);
}

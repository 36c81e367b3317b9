import { CREDENTIAL_MARK } from '../../domain/credential-mark.ts';
import type { EventDetail } from '../api/types.ts';

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Those that curl makes by itself, or that belong to one connection. */
const OWN = /^(host|content-length|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|proxy-.*)$/i;

/** A longer line is none that a shell or a person likes. */
const MOST_CHARS = 64 * 1024;

export interface CurlBody {
  /** Null for what is no text. */
  text: string | null;
  /** Where its bytes can be had, absolute. */
  url: string;
}

/**
 * A line for any POSIX shell that sends the request once more, to where it came in: a duplicate, unless the key is changed.
 * Credentials are not kept; where they were it says so.
 */
export function eventCurl({ method, path, query, headers }: EventDetail, base: string, body: CurlBody): string {
  const url = `${base}${path}${query === '' ? '' : `?${query}`}`;
  const lines = headers
    .filter(([name]) => !OWN.test(name))
    // With a semicolon, or curl leaves a header without a value out.
    .map(([name, value]) => `-H ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`);
  const isShort = body.text !== null && body.text.length <= MOST_CHARS && !body.text.includes('\0');
  const data = isShort ? (body.text === '' ? [] : [`--data-binary ${quoted(body.text ?? '')}`]) : ['--data-binary @-'];
  const line = [`curl ${quoted(url)}`, `-X ${method}`, ...lines, ...data].join(' \\\n  ');
  return isShort ? line : `curl -sS ${quoted(body.url)} | ${line}`;
}

/** What has to be known of the line before it is run. */
export function copiedWords(line: string, { dedupKey }: Pick<EventDetail, 'dedupKey'>): string {
  const first = line.includes(CREDENTIAL_MARK)
    ? `Copied. Put the credential in place of ${CREDENTIAL_MARK}.`
    : 'Copied: a line that sends this request to its route again.';
  return dedupKey === null ? first : `${first} With the same dedup key it is a duplicate.`;
}

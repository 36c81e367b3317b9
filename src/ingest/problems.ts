import { STATUS_CODES } from 'node:http';
import type { UnavailableReason } from '../domain/event.ts';

/** Why a request is refused, in one stable word; the `code` of the answer and the `reason` of the rejection. */
export type RefusalCode =
  | 'malformed_request'
  | 'verification_failed'
  | 'not_found'
  | 'method_not_allowed'
  | 'handshake_refused'
  | 'confirmation_failed'
  | 'request_timeout'
  | 'body_too_large'
  | 'headers_too_large'
  | 'internal_error'
  | 'source_not_allowed'
  | 'https_required'
  | 'schema_refused'
  | 'rate_limited'
  | 'backlog_full'
  | 'in_flight_full'
  | 'key_unavailable'
  | UnavailableReason;

/** An answer to a refused request, ready to be written (RFC 9457). It says nothing about the sender's secrets. */
export interface ProblemAnswer {
  code: RefusalCode;
  status: number;
  body: string;
  /** Seconds after which trying again makes sense, or null. */
  retryAfter: number | null;
}

function answer(code: RefusalCode, status: number, detail: string, retryAfter: number | null = null): ProblemAnswer {
  const title = STATUS_CODES[status] ?? 'Error';
  return { code, status, retryAfter, body: JSON.stringify({ type: 'about:blank', title, status, detail, code }) };
}

const LATER = 'The webhook was not taken. Send it again later.';
/** Seconds. What passes by itself passes soon; a full disk waits for a person, and a restart takes some seconds. */
const SOON = 1;
const AFTER_A_WHILE = 10;

export const PROBLEMS: Readonly<Record<RefusalCode, ProblemAnswer>> = {
  malformed_request: answer('malformed_request', 400, 'The request is not well-formed HTTP/1.1.'),
  handshake_refused: answer('handshake_refused', 400, 'The handshake cannot be answered.'),
  verification_failed: answer('verification_failed', 401, 'The sender of the webhook could not be verified.'),
  source_not_allowed: answer('source_not_allowed', 403, 'The route does not take webhooks from this address.'),
  https_required: answer('https_required', 403, 'The route takes webhooks over https only.'),
  not_found: answer('not_found', 404, 'No route takes webhooks at this path.'),
  method_not_allowed: answer('method_not_allowed', 405, 'The route does not take this method; see the Allow header.'),
  request_timeout: answer('request_timeout', 408, 'The request did not arrive in time.'),
  body_too_large: answer('body_too_large', 413, 'The body is larger than the relay takes.'),
  schema_refused: answer('schema_refused', 422, 'The body does not have the form that the route asks for.'),
  rate_limited: answer('rate_limited', 429, 'There are too many requests. Send it again later.', SOON),
  headers_too_large: answer('headers_too_large', 431, 'The headers are larger than the relay takes.'),
  internal_error: answer('internal_error', 500, 'The relay failed on this request.'),
  confirmation_failed: answer(
    'confirmation_failed',
    503,
    'The confirmation could not be made. Send it again later.',
    AFTER_A_WHILE,
  ),
  in_flight_full: answer('in_flight_full', 503, LATER, SOON),
  key_unavailable: answer('key_unavailable', 503, LATER, AFTER_A_WHILE),
  storage_failing: answer('storage_failing', 503, LATER, AFTER_A_WHILE),
  disk_full: answer('disk_full', 503, LATER, AFTER_A_WHILE),
  wal_full: answer('wal_full', 503, LATER, AFTER_A_WHILE),
  backlog_full: answer('backlog_full', 503, LATER, AFTER_A_WHILE),
  commit_timeout: answer('commit_timeout', 503, LATER, SOON),
  shutting_down: answer('shutting_down', 503, LATER, AFTER_A_WHILE),
  row_refused: answer('row_refused', 503, LATER, AFTER_A_WHILE),
};

/** The same refusal for providers that want no body. */
export function withoutBody(problem: ProblemAnswer): ProblemAnswer {
  return { ...problem, body: '' };
}

/** The whole answer as bytes of HTTP/1.1, for a connection whose request could not be parsed. */
export function rawAnswer(problem: ProblemAnswer): string {
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(problem.body)}`,
    'Connection: close',
    '',
    problem.body,
  ].join('\r\n');
}

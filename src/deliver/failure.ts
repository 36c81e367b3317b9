import type { AttemptError } from '../domain/attempt.ts';
import { ProxyError } from './proxy-error.ts';
import { tlsProblem } from './tls-failure.ts';
import { HTTPParserError } from './undici.ts';

/** Why an attempt failed; stable, shown to people and counted. */
export type FailureCode =
  | 'target_status'
  | 'redirect'
  | 'timeout'
  | 'connection_refused'
  | 'connection_reset'
  | 'connection_failed'
  | 'dns_failed'
  | 'tls_failed'
  | 'proxy_failed'
  | 'response_malformed'
  | 'request_invalid'
  | 'loop'
  | 'filter_failed'
  | 'transform_failed'
  | 'expression_timeout'
  | 'cancelled'
  | 'interrupted';

export interface Failure extends AttemptError {
  code: FailureCode;
}

/** Whether a failure says something about the target: the others are ours or the event's. */
export const BLAMES_TARGET: Record<FailureCode, boolean> = {
  target_status: true,
  redirect: true,
  timeout: true,
  connection_refused: true,
  connection_reset: true,
  connection_failed: true,
  dns_failed: true,
  tls_failed: true,
  proxy_failed: true,
  response_malformed: true,
  request_invalid: false,
  loop: false,
  filter_failed: false,
  transform_failed: false,
  expression_timeout: false,
  cancelled: false,
  interrupted: false,
};

/** Sentences of our own: those of the system may name the URL with its credentials. */
type RuleFailureCode = 'filter_failed' | 'transform_failed' | 'expression_timeout';

const SENTENCES: Record<Exclude<FailureCode, 'target_status' | 'redirect' | RuleFailureCode>, string> = {
  timeout: 'The attempt did not end within its time',
  connection_refused: 'The target refused the connection',
  connection_reset: 'The target closed the connection before its answer was complete',
  connection_failed: 'No connection to the target',
  dns_failed: "The target's host name could not be resolved",
  tls_failed: 'No trusted TLS connection to the target',
  proxy_failed: 'No way through the proxy',
  response_malformed: 'The answer is not valid HTTP',
  request_invalid: 'The event cannot be sent as an HTTP request',
  loop: 'The event has come through this relay too often',
  cancelled: 'The delivery was cancelled while the attempt ran',
  interrupted: 'The relay stopped while the attempt ran',
};

/** @param cause the code of the system or of undici, where there is one */
export function failure(code: keyof typeof SENTENCES, cause?: string): Failure {
  return { code, message: cause === undefined ? SENTENCES[code] : `${SENTENCES[code]} (${cause})` };
}

/** An expression of the route's own. @param detail what went wrong, without a piece of the event */
export function ruleFailure(code: RuleFailureCode, detail: string): Failure {
  return { code, message: `Not sent, because of a rule of its route: ${detail}` };
}

/** A status other than 2xx. */
export function statusFailure(statusCode: number): Failure {
  return statusCode < 400
    ? { code: 'redirect', message: `The target answered ${statusCode}; redirects are not followed` }
    : { code: 'target_status', message: `The target answered ${statusCode}` };
}

/** The attempt did not get past the proxy. */
export function proxyFailure({ why }: ProxyError): Failure {
  return { code: 'proxy_failed', message: `${SENTENCES.proxy_failed}: ${why}` };
}

const BY_CODE = new Map<string, keyof typeof SENTENCES>([
  ['ECONNREFUSED', 'connection_refused'],
  ['ECONNRESET', 'connection_reset'],
  ['EPIPE', 'connection_reset'],
  ['UND_ERR_SOCKET', 'connection_reset'],
  ['UND_ERR_CLOSED', 'connection_reset'],
  ['UND_ERR_DESTROYED', 'connection_reset'],
  ['ETIMEDOUT', 'timeout'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
  ['ENOTFOUND', 'dns_failed'],
  ['EAI_AGAIN', 'dns_failed'],
  ['EAI_FAIL', 'dns_failed'],
  ['EAI_NODATA', 'dns_failed'],
  ['UND_ERR_HEADERS_OVERFLOW', 'response_malformed'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'response_malformed'],
  ['UND_ERR_INVALID_ARG', 'request_invalid'],
  ['UND_ERR_NOT_SUPPORTED', 'request_invalid'],
  ['UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', 'request_invalid'],
]);

/** HTTP/2's words for a target that ended one request, or the connection, before its answer was there. */
const H2_CODE = /^ERR_HTTP2_(STREAM|SESSION)_ERROR$|^ERR_HTTP2_(STREAM_CANCEL|GOAWAY_SESSION|INVALID_SESSION|SOCKET_UNBOUND)$/;

/** Node rejects with one error for all addresses of a host; each has its own code. */
function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Names what undici or the system reported. */
export function connectionFailure(error: unknown): Failure {
  if (error instanceof ProxyError) return proxyFailure(error);
  const code = codeOf(error);
  // Not all of the parser's errors carry a code.
  if (error instanceof HTTPParserError) return failure('response_malformed', code);
  if (code === undefined) return failure('connection_failed');
  // undici says that the answer is too short, and adds by which code the target ended it.
  if (error instanceof Error && 'http2ErrorCode' in error) return failure('connection_reset', code);
  const known = BY_CODE.get(code);
  if (known !== undefined) return failure(known, code);
  if (H2_CODE.test(code)) return failure('connection_reset', code);
  const problem = tlsProblem(code);
  if (problem === '') return failure('tls_failed', code);
  if (problem !== null) return { code: 'tls_failed', message: `${SENTENCES.tls_failed}: ${problem} (${code})` };
  return failure('connection_failed', code);
}

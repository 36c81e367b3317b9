import { describe, expect, test } from 'vitest';
import { type AttemptResult, classify, LONGEST_SLOWDOWN_MS, slowdown } from '../../src/deliver/classify.ts';
import { connectionFailure, failure, statusFailure } from '../../src/deliver/failure.ts';
import { DEFAULT_RETRY } from '../../src/domain/retry-policy.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const MIDDLE = 0.5;

function answered(statusCode: number, retryAfter?: string): AttemptResult {
  const ok = statusCode >= 200 && statusCode < 300;
  return {
    startedAt: NOW,
    durationMs: 1,
    statusCode,
    failure: ok ? null : statusFailure(statusCode),
    response: null,
    retryAfter,
  };
}
const failed = (result: Partial<AttemptResult>): AttemptResult => ({ ...answered(500), statusCode: null, ...result });
const judge = (result: AttemptResult, spent = 1) => classify(result, { policy: DEFAULT_RETRY, spent, spentMs: 0 }, NOW, MIDDLE);

describe('classify', () => {
  test.each([200, 201, 202, 204, 299])('%i is delivered', (statusCode) => {
    expect(judge(answered(statusCode))).toEqual({ kind: 'delivered' });
  });

  test.each([400, 401, 404, 408, 410, 425, 429, 500, 503])('%i is retried on the schedule', (statusCode) => {
    expect(judge(answered(statusCode))).toEqual({ kind: 'retry', delayMs: 5000, reason: 'target_status' });
    expect(judge(answered(statusCode), 3)).toMatchObject({ delayMs: 20_000 });
  });

  test.each([301, 302, 304, 307])('%i is a failure of its own', (statusCode) => {
    expect(judge(answered(statusCode))).toMatchObject({ kind: 'retry', reason: 'redirect' });
  });

  test('timeouts and connections are retried', () => {
    expect(judge(failed({ failure: failure('timeout') }))).toMatchObject({ kind: 'retry', reason: 'timeout' });
  });

  test('the last attempt of the budget is the end', () => {
    expect(judge(answered(500), DEFAULT_RETRY.attempts - 1).kind).toBe('retry');
    expect(judge(answered(500), DEFAULT_RETRY.attempts)).toEqual({ kind: 'dead', reason: 'attempts_exhausted' });
    expect(judge(answered(200), DEFAULT_RETRY.attempts)).toEqual({ kind: 'delivered' });
  });

  test.each(['cancelled', 'request_invalid', 'loop'] as const)('%s is not tried again', (code) => {
    expect(judge(failed({ failure: failure(code) }))).toEqual({ kind: 'dead', reason: code });
  });

  test.each([
    ['seconds longer than the schedule', '60', 60_000],
    ['seconds shorter than the schedule', '1', 5000],
    ['a date', new Date(NOW + 90_000).toUTCString(), 90_000],
    ['a date that has passed', new Date(NOW - 90_000).toUTCString(), 5000],
    ['more than the cap', '86400', DEFAULT_RETRY.retryAfterMaxMs],
    ['nonsense', 'soon', 5000],
  ])('Retry-After, on any status: %s', (_, retryAfter, delayMs) => {
    expect(judge(answered(404, retryAfter))).toMatchObject({ kind: 'retry', delayMs });
  });
});

describe('slowdown', () => {
  test.each([
    [429, '7', 7000],
    [503, new Date(NOW + 8000).toUTCString(), 8000],
    [503, '3600', LONGEST_SLOWDOWN_MS],
    [500, '7', 0],
    [200, '7', 0],
    [429, '0', 0],
  ])('%i with Retry-After %s: the target is left alone for %i ms', (statusCode, retryAfter, ms) => {
    expect(slowdown(answered(statusCode, retryAfter), NOW, 3)).toBe(ms);
  });

  test.each([429, 503])('%i without Retry-After: a second, doubled each time in a row, a minute at most', (statusCode) => {
    const times = [1, 2, 3, 4, 5, 6, 7, 8, 5000].map((round) => slowdown(answered(statusCode, undefined), NOW, round));
    expect(times).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  test('500 without Retry-After is no reason', () => {
    expect(slowdown(answered(500, undefined), NOW, 1)).toBe(0);
  });
});

describe('connectionFailure', () => {
  const withCode = (code: string): Error => Object.assign(new Error('https://user:secret@example.com'), { code });

  test.each([
    ['ECONNREFUSED', 'connection_refused'],
    ['ECONNRESET', 'connection_reset'],
    ['UND_ERR_SOCKET', 'connection_reset'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
    ['ENOTFOUND', 'dns_failed'],
    ['EAI_AGAIN', 'dns_failed'],
    ['CERT_HAS_EXPIRED', 'tls_failed'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls_failed'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls_failed'],
    ['UND_ERR_HEADERS_OVERFLOW', 'response_malformed'],
    ['UND_ERR_INVALID_ARG', 'request_invalid'],
    ['EHOSTUNREACH', 'connection_failed'],
  ])('%s is %s, in words of our own', (code, expected) => {
    const found = connectionFailure(withCode(code));
    expect(found.code).toBe(expected);
    expect(found.message).toContain(code);
    expect(found.message).not.toContain('secret');
  });

  test('several addresses that all failed count as the first', () => {
    expect(connectionFailure(new AggregateError([withCode('ECONNREFUSED'), withCode('EHOSTUNREACH')])).code).toBe(
      'connection_refused',
    );
  });

  test('what has no code has a name all the same', () => {
    expect(connectionFailure('?')).toEqual(failure('connection_failed'));
  });
});

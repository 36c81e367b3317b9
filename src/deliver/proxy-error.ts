import { tlsProblem } from './tls-failure.ts';

const UNREACHABLE = new Map([
  ['ECONNREFUSED', 'it refuses connections'],
  ['ECONNRESET', 'it closed the connection'],
  ['ENOTFOUND', 'its host name could not be resolved'],
  ['EAI_AGAIN', 'its host name could not be resolved'],
  ['ETIMEDOUT', 'it did not answer in time'],
  ['ABORT_ERR', 'it did not answer in time'],
  ['UND_ERR_CONNECT_TIMEOUT', 'it did not answer in time'],
]);

/** The way to a target ended at its proxy. Says why in words, without the address of either. */
export class ProxyError extends Error {
  readonly why: string;

  private constructor(why: string, options?: ErrorOptions) {
    super(why, options);
    this.name = 'ProxyError';
    this.why = why;
  }

  /** The proxy gave another answer than a way through. */
  static answered(statusCode: number): ProxyError {
    if (statusCode === 407) return new ProxyError('it wants credentials, or other ones (407)');
    return new ProxyError(`it does not let this target through, or cannot reach it (${statusCode})`);
  }

  static unreachable(cause: Error): ProxyError {
    const first = cause instanceof AggregateError ? cause.errors[0] : cause;
    const code = first instanceof Error && 'code' in first && typeof first.code === 'string' ? first.code : null;
    if (code === null) return new ProxyError('it cannot be reached', { cause });
    const words = tlsProblem(code) === null ? 'it cannot be reached' : 'no trusted TLS connection to it';
    return new ProxyError(`${UNREACHABLE.get(code) ?? words} (${code})`, { cause });
  }
}

import type { AttemptResponse, Outcome } from '../domain/attempt.ts';
import { afterFailure } from '../domain/retry-decision.ts';
import { parseRetryAfter, type RetryPolicy } from '../domain/retry-policy.ts';
import type { Failure } from './failure.ts';

/** What one try brought, before it is judged. No failure means a 2xx answer, read to its end or to the limit. */
export interface AttemptResult {
  /** Wall time, ms. */
  startedAt: number;
  durationMs: number;
  statusCode: number | null;
  failure: Failure | null;
  response: AttemptResponse | null;
  /** The answer's Retry-After field, unread. */
  retryAfter: string | undefined;
}

export interface Budget {
  policy: RetryPolicy;
  /** Attempts made within the present budget, this one counted. */
  spent: number;
  /** Time spent of it before this attempt, ms. */
  spentMs: number;
}

/** A target that asked for patience is asked again after a minute at the latest, for it may be back long before. */
export const LONGEST_SLOWDOWN_MS = 60_000;

/**
 * What follows from an attempt (semantics.md, Deliveries).
 * @param now wall time, ms
 * @param random a number in [0, 1)
 */
export function classify(result: AttemptResult, budget: Budget, now: number, random: number): Outcome {
  const { failure } = result;
  if (failure === null) return { kind: 'delivered' };
  switch (failure.code) {
    case 'cancelled':
    case 'request_invalid':
    case 'loop':
      // No later attempt could end differently.
      return { kind: 'dead', reason: failure.code };
    default:
      return afterFailure(
        budget.policy,
        {
          failures: budget.spent,
          spentMs: budget.spentMs,
          tookMs: result.durationMs,
          // An answer that did not come to its end is no answer, whatever its status.
          status: failure.code === 'target_status' || failure.code === 'redirect' ? result.statusCode : null,
          retryAfterMs: parseRetryAfter(result.retryAfter, now),
          reason: failure.code,
        },
        random,
      );
  }
}

/** The first time that a target asks for patience without saying for how long; doubled with each time in a row. */
const FIRST_SLOWDOWN_MS = 1_000;

/**
 * For how long the whole target is left alone after an answer, ms: 429 and 503 ask for it, with a Retry-After for so long,
 * without one for 1 s, 2 s, 4 s … up to a minute.
 * @param now wall time, ms
 * @param round how often in a row it has asked, this time counted
 */
export function slowdown(result: AttemptResult, now: number, round: number): number {
  if (result.statusCode !== 429 && result.statusCode !== 503) return 0;
  const asked = parseRetryAfter(result.retryAfter, now);
  return Math.min(asked ?? FIRST_SLOWDOWN_MS * 2 ** (round - 1), LONGEST_SLOWDOWN_MS);
}

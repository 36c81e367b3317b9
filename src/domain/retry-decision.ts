import type { Outcome } from './attempt.ts';
import { type RetryPolicy, retryDelay } from './retry-policy.ts';
import { judgeStatus } from './status-rules.ts';

/** A failed attempt, and what its budget had spent. Times in ms. */
export interface FailedAttempt {
  /** Attempts failed within the present budget, this one counted. */
  failures: number;
  /** Attempts and waits of the present budget before this attempt. Only counted under a policy with a duration. */
  spentMs: number;
  tookMs: number;
  /** Of a whole answer; null for no answer, which is always tried again. */
  status: number | null;
  /** What the target asked for, or null. */
  retryAfterMs: number | null;
  /** Stable code of what went wrong. */
  reason: string;
}

/**
 * What follows from a failed attempt: the status rules first, then the budget. The last wait is cut to what is left of
 * the duration, so that one attempt is made at its end; after that one the delivery is dead.
 * @param random a number in [0, 1)
 */
export function afterFailure(policy: RetryPolicy, failed: FailedAttempt, random: number): Outcome {
  const verdict = failed.status === null ? 'retry' : judgeStatus(policy.statuses, failed.status);
  switch (verdict) {
    case 'pause':
      return { kind: 'paused', reason: 'paused_on_status' };
    case 'dead_on_status':
    case 'status_not_retried':
      return { kind: 'dead', reason: verdict };
    case 'retry':
      return withinBudget(policy, failed, random);
    default:
      return verdict satisfies never;
  }
}

function withinBudget(policy: RetryPolicy, failed: FailedAttempt, random: number): Outcome {
  const { failures, reason } = failed;
  if (policy.attempts !== null && failures >= policy.attempts) return { kind: 'dead', reason: 'attempts_exhausted' };
  const delayMs = retryDelay(policy, failures, failed.retryAfterMs, random);
  if (policy.durationMs === null) return { kind: 'retry', delayMs, reason };
  const tookMs = Math.ceil(failed.tookMs);
  const leftMs = policy.durationMs - failed.spentMs - tookMs;
  if (leftMs <= 0) return { kind: 'dead', reason: 'duration_exhausted' };
  const cutMs = Math.min(delayMs, leftMs);
  return { kind: 'retry', delayMs: cutMs, reason, spentMs: tookMs + cutMs };
}

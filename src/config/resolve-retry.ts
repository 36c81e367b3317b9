import type * as z from 'zod';
import { DEFAULT_RETRY, type RetryPolicy, type Schedule } from '../domain/retry-policy.ts';
import type { retry } from './retry-schema.ts';

export type FileRetry = z.output<typeof retry>;

function scheduleOf({ delays, backoff, initial, factor, max }: FileRetry): Schedule {
  if (delays !== undefined) return { kind: 'list', delaysMs: delays };
  if (backoff === 'linear') return { kind: 'linear', initialMs: initial, maxMs: max };
  return { kind: 'exponential', initialMs: initial, factor, maxMs: max };
}

/** A duration without attempts is no limit of attempts: whoever writes three days means three days. */
function attemptsOf({ attempts, duration, delays }: FileRetry): number | null {
  if (attempts !== undefined) return attempts;
  if (duration !== undefined) return null;
  return delays === undefined ? DEFAULT_RETRY.attempts : delays.length + 1;
}

/** A target's retry policy as the relay uses it. */
export function resolveRetry(file: FileRetry): RetryPolicy {
  const { retryOn = null, deadOn = null, pauseOn = null } = file;
  return {
    schedule: scheduleOf(file),
    attempts: attemptsOf(file),
    durationMs: file.duration ?? null,
    jitter: file.jitter,
    retryAfterMaxMs: file.retryAfterMax,
    statuses: { retryOn, deadOn, pauseOn },
  };
}

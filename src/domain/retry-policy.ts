/** How a target's failed deliveries are tried again. Times in ms. */
export interface RetryPolicy {
  /** Attempts in all, the first one counted. */
  attempts: number;
  initialMs: number;
  factor: number;
  maxMs: number;
  /** Share of the delay by which it is randomly moved, both ways: 0.2 is ±20 %. */
  jitter: number;
}

/**
 * About three days: 5 s, 10 s, 20 s, 40 s, 80 s, 2.7 min, 5.3 min, 10.7 min, 21 min, 43 min, 85 min,
 * 2.8 h, 5.7 h, then every 6 h: 24 attempts in 71 h.
 */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 24, initialMs: 5_000, factor: 2, maxMs: 6 * 3_600_000, jitter: 0.2 };

/** A target may ask for more patience than the schedule has, but not for more than this. */
export const RETRY_AFTER_CAP_MS = 3_600_000;

/**
 * The time to wait after a failed attempt: the larger of the schedule and the capped Retry-After.
 * @param failures attempts failed so far within the budget, from 1
 * @param retryAfterMs what the target asked for, or null
 * @param random a number in [0, 1)
 */
export function retryDelay(policy: RetryPolicy, failures: number, retryAfterMs: number | null, random: number): number {
  const plain = Math.min(policy.initialMs * policy.factor ** (failures - 1), policy.maxMs);
  const scheduled = Math.round(plain * (1 + policy.jitter * (2 * random - 1)));
  const asked = retryAfterMs === null ? 0 : Math.min(retryAfterMs, RETRY_AFTER_CAP_MS);
  return Math.max(scheduled, asked);
}

/**
 * Reads a Retry-After field (RFC 9110 section 10.2.3): seconds, or an HTTP date.
 * @returns the wait in ms from `now` (never negative), or null when the field is neither
 */
export function parseRetryAfter(value: string | undefined, now: number): number | null {
  if (value === undefined) return null;
  const text = value.trim();
  if (/^\d{1,15}$/.test(text)) return Number(text) * 1000;
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return null;
  const isAsctime = / \d{4}$/.test(text); // names no zone, and means UTC
  const date = Date.parse(isAsctime ? `${text} GMT` : text);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

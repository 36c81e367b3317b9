import { RETRY_ALL, type StatusRules } from './status-rules.ts';

/**
 * The waits between attempts, before jitter. Times in ms.
 * - exponential: `initial`, then each `factor` times the one before, up to `max`
 * - linear: `initial`, twice `initial`, three times …, up to `max`
 * - list: as written; the last one stays
 */
export type Schedule =
  | { kind: 'exponential'; initialMs: number; factor: number; maxMs: number }
  | { kind: 'linear'; initialMs: number; maxMs: number }
  | { kind: 'list'; delaysMs: readonly number[] };

/** How a target's failed deliveries are tried again. Times in ms. The budget ends with the attempts or the duration, whichever comes first. */
export interface RetryPolicy {
  schedule: Schedule;
  /** Attempts in all, the first one counted; null when only the duration ends them. */
  attempts: number | null;
  /** From the first attempt to the beginning of the last: attempts and the waits between them. Null for no end. */
  durationMs: number | null;
  /** Share of the delay by which it is randomly moved, both ways: 0.2 is ±20 %. */
  jitter: number;
  /** A target may ask for more patience than the schedule has, but not for more than this. */
  retryAfterMaxMs: number;
  statuses: StatusRules;
}

/** Past this a history is of no use to anybody. */
export const MOST_ATTEMPTS = 10_000;

/**
 * About three days: 5 s, 10 s, 20 s, 40 s, 80 s, 2.7 min, 5.3 min, 10.7 min, 21 min, 43 min, 85 min,
 * 2.8 h, 5.7 h, then every 6 h: 24 attempts in 71 h.
 */
export const DEFAULT_RETRY = {
  schedule: { kind: 'exponential', initialMs: 5_000, factor: 2, maxMs: 6 * 3_600_000 },
  attempts: 24,
  durationMs: null,
  jitter: 0.2,
  retryAfterMaxMs: 3_600_000,
  statuses: RETRY_ALL,
} as const satisfies RetryPolicy;

/** The wait after so many failures as the schedule has it, without jitter. @param failures from 1 */
export function scheduledWait(schedule: Schedule, failures: number): number {
  switch (schedule.kind) {
    case 'exponential':
      return Math.min(schedule.initialMs * schedule.factor ** (failures - 1), schedule.maxMs);
    case 'linear':
      return Math.min(schedule.initialMs * failures, schedule.maxMs);
    case 'list':
      return schedule.delaysMs[failures - 1] ?? schedule.delaysMs.at(-1) ?? 0;
    default:
      return schedule satisfies never;
  }
}

/** A wait as jitter moves it. @param random a number in [0, 1) */
export function jittered(waitMs: number, jitter: number, random: number): number {
  return Math.round(waitMs * (1 + jitter * (2 * random - 1)));
}

/**
 * The time to wait after a failed attempt: the larger of the schedule and the capped Retry-After.
 * @param failures attempts failed so far within the budget, from 1
 * @param retryAfterMs what the target asked for, or null
 * @param random a number in [0, 1)
 */
export function retryDelay(policy: RetryPolicy, failures: number, retryAfterMs: number | null, random: number): number {
  const scheduled = jittered(scheduledWait(policy.schedule, failures), policy.jitter, random);
  const asked = retryAfterMs === null ? 0 : Math.min(retryAfterMs, policy.retryAfterMaxMs);
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

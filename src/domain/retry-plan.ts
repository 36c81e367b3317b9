import { jittered, MOST_ATTEMPTS, type RetryPolicy, scheduledWait } from './retry-policy.ts';

/** A time in ms without jitter, and how early and late jitter can make it. */
export interface Span {
  plain: number;
  least: number;
  most: number;
}

/** One attempt of a budget, when every one before it failed at once. */
export interface PlannedAttempt {
  /** From 1. */
  number: number;
  /** The wait before it; null for the first. */
  wait: Span | null;
  /** From the first attempt. */
  since: Span;
}

const LATEST = 1 - Number.EPSILON;

/**
 * The times at which a delivery is tried, when every attempt fails at once and the target asks for no other time. With a
 * duration the last attempt is at its end. Ends at {@link MOST_ATTEMPTS}.
 */
export function planOf(policy: RetryPolicy): PlannedAttempt[] {
  const plan: PlannedAttempt[] = [{ number: 1, wait: null, since: fixed(0) }];
  const end = policy.durationMs ?? Number.POSITIVE_INFINITY;
  const attempts = policy.attempts ?? MOST_ATTEMPTS;
  let since = fixed(0);
  for (let number = 2; number <= attempts && since.plain < end; number += 1) {
    const wait = waitBefore(policy, number, end - since.plain);
    const after = (key: keyof Span): number => Math.min(since[key] + wait[key], end);
    since = { plain: after('plain'), least: after('least'), most: after('most') };
    // Where nothing but the duration ends it, jitter does not move the last attempt.
    const isAtEnd = policy.attempts === null && since.plain === end;
    plan.push(isAtEnd ? { number, wait: fixed(wait.plain), since: fixed(end) } : { number, wait, since });
  }
  return plan;
}

const fixed = (ms: number): Span => ({ plain: ms, least: ms, most: ms });

function waitBefore({ schedule, jitter }: RetryPolicy, number: number, leftMs: number): Span {
  const wait = scheduledWait(schedule, number - 1);
  const cut = (ms: number): number => Math.min(ms, leftMs);
  return {
    plain: cut(Math.round(wait)),
    least: cut(jittered(wait, jitter, 0)),
    most: cut(jittered(wait, jitter, LATEST)),
  };
}

/** How many attempts a policy's duration has room for, without jitter. @returns more than {@link MOST_ATTEMPTS} when there are more */
export function attemptsWithin({ schedule, durationMs }: RetryPolicy): number {
  let spent = 0;
  let attempts = 1;
  while (spent < (durationMs ?? 0) && attempts <= MOST_ATTEMPTS) {
    spent += scheduledWait(schedule, attempts);
    attempts += 1;
  }
  return attempts;
}

import type { RetryPolicy, Schedule } from '../domain/retry-policy.ts';
import { formatStatusRule, type StatusRule } from '../domain/status-rules.ts';
import { formatDuration } from './units.ts';

function scheduleShown(schedule: Schedule): object {
  switch (schedule.kind) {
    case 'exponential':
      return {
        backoff: schedule.kind,
        initial: formatDuration(schedule.initialMs),
        factor: schedule.factor,
        max: formatDuration(schedule.maxMs),
      };
    case 'linear':
      return { backoff: schedule.kind, initial: formatDuration(schedule.initialMs), max: formatDuration(schedule.maxMs) };
    case 'list':
      return { delays: schedule.delaysMs.map(formatDuration) };
    default:
      return schedule satisfies never;
  }
}

const listShown = (rules: readonly StatusRule[] | null): string[] | null => rules?.map(formatStatusRule) ?? null;

/** A retry policy as it is written in the file; null for what it does not have. */
export function retryShown({ attempts, durationMs, schedule, jitter, retryAfterMaxMs, statuses }: RetryPolicy): object {
  return {
    attempts,
    duration: durationMs === null ? null : formatDuration(durationMs),
    ...scheduleShown(schedule),
    jitter,
    retryAfterMax: formatDuration(retryAfterMaxMs),
    retryOn: listShown(statuses.retryOn),
    deadOn: listShown(statuses.deadOn),
    pauseOn: listShown(statuses.pauseOn),
  };
}

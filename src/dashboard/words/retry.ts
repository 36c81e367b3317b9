import { planOf } from '../../domain/retry-plan.ts';
import { DEFAULT_RETRY, type Schedule } from '../../domain/retry-policy.ts';
import type { ShownRetry } from '../api/relay.ts';
import { counted, duration } from './figures.ts';

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Reads `30s`, `6h`. @returns ms, or null */
export function durationMs(text: string | null | undefined): number | null {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text ?? '') ?? [];
  const size = UNITS[unit];
  return amount === undefined || size === undefined ? null : Number(amount) * size;
}

/** The schedule, or null where a part of it cannot be read. */
function scheduleOf({ backoff = 'exponential', initial, factor, max, delays }: ShownRetry): Schedule | null {
  if (delays !== undefined) {
    const delaysMs = delays.map(durationMs);
    return delaysMs.every((delay) => delay !== null) ? { kind: 'list', delaysMs } : null;
  }
  const [initialMs, maxMs] = [durationMs(initial), durationMs(max)];
  if (initialMs === null || maxMs === null) return null;
  if (backoff === 'linear') return { kind: 'linear', initialMs, maxMs };
  return backoff === 'exponential' && factor !== undefined ? { kind: 'exponential', initialMs, factor, maxMs } : null;
}

/**
 * When each attempt is made, in ms from the first one, without jitter and as if every attempt failed at once.
 * @returns null when the settings cannot be read here, as those of a newer relay may be
 */
export function attemptTimes(retry: ShownRetry): number[] | null {
  const schedule = scheduleOf(retry);
  if (schedule === null) return null;
  const { attempts = null, duration = null } = retry;
  const end = durationMs(duration);
  if (duration !== null && end === null) return null;
  return planOf({ ...DEFAULT_RETRY, schedule, attempts, durationMs: end }).map(({ since }) => since.plain);
}

const FIRST_SHOWN = 5;

/** `24 attempts in about 3d: again after 5s, 10s, 20s, 40s, 1m 20s, … and the last wait is 6h. Then it is a dead letter.` */
export function retryWords(retry: ShownRetry, times: readonly number[]): string {
  const waits = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  const jitter =
    (retry.jitter ?? 0) > 0 ? ` Every wait is moved by up to ${Math.round((retry.jitter ?? 0) * 100)} % at random.` : '';
  if (waits.length === 0) return 'One attempt: what fails is a dead letter at once.';
  const shown = waits.slice(0, FIRST_SHOWN).map(duration).join(', ');
  const last = duration(waits.at(-1) ?? 0);
  const rest = waits.length <= FIRST_SHOWN ? '' : `, … and the last wait is ${last}`;
  return `${counted(times.length, 'attempt')} in about ${duration(times.at(-1) ?? 0)}: again after ${shown}${rest}. Then it is a dead letter.${jitter}`;
}

import { FIRST_STATUS, formatStatusRule, LAST_STATUS, type StatusRule } from '../domain/status-rules.ts';

/** Neighbours as ranges, in the spelling of the configuration. */
function ranges(statuses: readonly number[]): string[] {
  const found: StatusRule[] = [];
  for (const status of statuses) {
    const last = found.at(-1);
    if (last?.to === status - 1) last.to = status;
    else found.push({ from: status, to: status, not: false });
  }
  return found.map(formatStatusRule);
}

/** One hundred of statuses: what is in it, or, when that is shorter, all of it but what is not. */
function hundredWords(hundred: number, inside: ReadonlySet<number>): string[] {
  const all = Array.from({ length: 100 }, (_, index) => hundred + index);
  const listed = ranges(all.filter((status) => inside.has(status)));
  const missing = ranges(all.filter((status) => !inside.has(status)));
  const exceptions = missing.length === 0 ? '' : ` (not ${missing.join(', ')})`;
  const isMostlyIn = all.filter((status) => inside.has(status)).length > 50;
  return isMostlyIn ? [`${hundred / 100}xx${exceptions}`] : listed;
}

/** Statuses from 300 to 599 in words, for example `408, 5xx (not 501)`; `none` for none. */
export function statusWords(statuses: readonly number[]): string {
  const inside = new Set(statuses);
  if (inside.size === LAST_STATUS - FIRST_STATUS + 1) return 'every status but 2xx';
  const hundreds: number[] = [];
  for (let hundred = FIRST_STATUS; hundred <= LAST_STATUS; hundred += 100) hundreds.push(hundred);
  return hundreds.flatMap((hundred) => hundredWords(hundred, inside)).join(', ') || 'none';
}

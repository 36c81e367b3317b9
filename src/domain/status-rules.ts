/** Statuses of a target's answer, from and to inclusive; with `not` they are taken out of what the other rules match. */
export interface StatusRule {
  from: number;
  to: number;
  not: boolean;
}

/** What each status of a failed attempt means; null where nothing was written. */
export interface StatusRules {
  /** When it is given, a status that it does not match is not tried again. */
  retryOn: readonly StatusRule[] | null;
  /** Not tried again, whatever `retryOn` says. */
  deadOn: readonly StatusRule[] | null;
  /** The target is paused, and the delivery waits for its resume. */
  pauseOn: readonly StatusRule[] | null;
}

/** Every status is tried again. */
export const RETRY_ALL: StatusRules = { retryOn: null, deadOn: null, pauseOn: null };

/** A success is no matter of rules, and what is below 200 is no final answer. */
export const FIRST_STATUS = 300;
export const LAST_STATUS = 599;

const RULE = /^(!?)(?:([0-9])xx|([0-9]{3})(?:-([0-9]{3}))?)$/i;

/**
 * Reads `5xx`, `408`, `400-404`, or one of them after a `!`.
 * @returns null when it is none of them, runs backwards, or names a status that is not one from 300 to 599
 */
export function parseStatusRule(text: string): StatusRule | null {
  const parts = RULE.exec(text);
  if (parts === null) return null;
  const [, sign, hundred, first, last] = parts;
  const from = hundred === undefined ? Number(first) : Number(hundred) * 100;
  const to = hundred === undefined ? Number(last ?? first) : from + 99;
  if (from < FIRST_STATUS || to > LAST_STATUS || from > to) return null;
  return { from, to, not: sign === '!' };
}

/** Writes a rule as {@link parseStatusRule} reads it. */
export function formatStatusRule({ from, to, not }: StatusRule): string {
  const isHundred = from % 100 === 0 && to === from + 99;
  const range = isHundred ? `${from / 100}xx` : from === to ? String(from) : `${from}-${to}`;
  return not ? `!${range}` : range;
}

/** Whether the rules match a status. Their order means nothing: what a `!` names is out. Rules with a `!` only match all others. */
export function matchesStatus(rules: readonly StatusRule[], status: number): boolean {
  const covers = ({ from, to }: StatusRule): boolean => from <= status && status <= to;
  if (rules.some((rule) => rule.not && covers(rule))) return false;
  return rules.some((rule) => !rule.not && covers(rule)) || rules.every((rule) => rule.not);
}

/** The statuses from 300 to 599 for which this holds, in order. */
export function statusesWhere(holds: (status: number) => boolean): number[] {
  const all = Array.from({ length: LAST_STATUS - FIRST_STATUS + 1 }, (_, index) => FIRST_STATUS + index);
  return all.filter(holds);
}

/** What follows from a status other than 2xx. */
export type StatusVerdict = 'retry' | 'dead_on_status' | 'status_not_retried' | 'pause';

/** A pause loses nothing, so it goes before the rules that end a delivery. */
export function judgeStatus({ retryOn, deadOn, pauseOn }: StatusRules, status: number): StatusVerdict {
  if (pauseOn !== null && matchesStatus(pauseOn, status)) return 'pause';
  if (deadOn !== null && matchesStatus(deadOn, status)) return 'dead_on_status';
  return retryOn === null || matchesStatus(retryOn, status) ? 'retry' : 'status_not_retried';
}

import type { TimestampUnit } from '../providers/scheme.ts';

const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
/** The one form of RFC 9110 section 5.6.7 that senders may write. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;
const DIGITS = /^\d{1,15}$/;
/** From this many digits on a plain number is in milliseconds: as seconds it would lie past the year 5138. */
const MILLISECONDS_DIGITS = 12;

export type TimestampCheck = { kind: 'fresh' } | { kind: 'malformed' } | { kind: 'outside'; ageMs: number; toleranceMs: number };

const FRESH: TimestampCheck = { kind: 'fresh' };
const MALFORMED: TimestampCheck = { kind: 'malformed' };

/**
 * Checks a signed timestamp against the clock in both directions, edges included. Whole seconds are
 * compared with whole seconds, so that 300 s of tolerance are 300 s whatever the clock's milliseconds say.
 * @param now wall time, ms
 */
export function checkTimestamp(text: string, unit: TimestampUnit, toleranceMs: number, now: number): TimestampCheck {
  const digits = DIGITS.test(text);
  const inSeconds = digits && (unit === 's' || (unit === 'any' && text.length < MILLISECONDS_DIGITS));
  const at = inSeconds ? Number(text) * 1000 : milliseconds(text, unit, digits);
  if (at === null) return MALFORMED;
  const age = (inSeconds ? Math.floor(now / 1000) * 1000 : now) - at;
  if (Math.abs(age) <= toleranceMs) return FRESH;
  return { kind: 'outside', ageMs: age, toleranceMs };
}

function milliseconds(text: string, unit: TimestampUnit, digits: boolean): number | null {
  if (digits) return unit === 'ms' || unit === 'any' ? Number(text) : null;
  const isDate = unit === 'httpdate' ? HTTP_DATE.test(text) : (unit === 'iso' || unit === 'any') && ISO_8601.test(text);
  const at = isDate ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

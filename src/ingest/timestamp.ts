import type { TimestampUnit } from '../providers/presets.ts';

const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
const DIGITS = /^\d{1,15}$/;
/** From this many digits on a plain number is in milliseconds: as seconds it would lie past the year 5138. */
const MILLISECONDS_DIGITS = 12;

export type TimestampCheck = { kind: 'fresh' } | { kind: 'malformed' } | { kind: 'outside'; explanation: string };

const FRESH: TimestampCheck = { kind: 'fresh' };
const MALFORMED: TimestampCheck = { kind: 'malformed' };

/**
 * Checks a signed timestamp against the clock in both directions, edges included. Whole seconds are
 * compared with whole seconds, so that 300 s of tolerance are 300 s whatever the clock's milliseconds say.
 * @param now wall time, ms
 */
export function checkTimestamp(text: string, unit: TimestampUnit, toleranceMs: number, now: number): TimestampCheck {
  const inSeconds = DIGITS.test(text) && (unit === 's' || (unit === 'any' && text.length < MILLISECONDS_DIGITS));
  const at = inSeconds ? Number(text) * 1000 : milliseconds(text, unit);
  if (at === null) return MALFORMED;
  const age = (inSeconds ? Math.floor(now / 1000) * 1000 : now) - at;
  if (Math.abs(age) <= toleranceMs) return FRESH;
  const side = age > 0 ? 'in the past' : 'in the future';
  const seconds = Math.round(Math.abs(age) / 1000);
  return { kind: 'outside', explanation: `timestamp ${seconds} s ${side}, ${Math.round(toleranceMs / 1000)} s are allowed` };
}

function milliseconds(text: string, unit: TimestampUnit): number | null {
  if (DIGITS.test(text)) return unit === 'ms' || unit === 'any' ? Number(text) : null;
  if ((unit !== 'iso' && unit !== 'any') || !ISO_8601.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}

import type { HeaderList } from './event.ts';

/**
 * The value of a header, or null. Fields that repeat one value count once; different ones are joined
 * with a comma, as RFC 9110 section 5.3 reads them.
 * @param name in lower case
 */
export function headerValue(headers: HeaderList, name: string): string | null {
  let found: string | null = null;
  let previous: string | null = null;
  for (const [rawName, value] of headers) {
    if (rawName.length !== name.length || rawName.toLowerCase() !== name || value === previous) continue;
    found = found === null ? value : `${found}, ${value}`;
    previous = value;
  }
  return found;
}

/** A header that is there more than once with different values. */
export const CONFLICTING: unique symbol = Symbol('conflicting');

/**
 * The one value of a header that must not be ambiguous, as a credential must not; null when it is not there.
 * @param name in lower case
 */
export function soleValue(headers: HeaderList, name: string): string | typeof CONFLICTING | null {
  let found: string | null = null;
  for (const [rawName, value] of headers) {
    if (rawName.length !== name.length || rawName.toLowerCase() !== name) continue;
    if (found !== null && found !== value) return CONFLICTING;
    found = value;
  }
  return found;
}

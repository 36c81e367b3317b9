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

/** Whether a header is there more than once with different values. A credential must not be ambiguous. */
export function isConflicting(headers: HeaderList, name: string): boolean {
  let first: string | null = null;
  for (const [rawName, value] of headers) {
    if (rawName.length !== name.length || rawName.toLowerCase() !== name) continue;
    if (first !== null && first !== value) return true;
    first = value;
  }
  return false;
}

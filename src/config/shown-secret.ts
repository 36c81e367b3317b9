import { HIDDEN } from './shown-url.ts';

/** One mark for one secret, a list of marks for several, null for none. */
export function hidden(secrets: readonly string[]): string | string[] | null {
  if (secrets.length === 0) return null;
  return secrets.length === 1 ? HIDDEN : secrets.map(() => HIDDEN);
}

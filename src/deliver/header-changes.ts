import type { HeaderChanges } from '../config/header-rules.ts';

/** Changes as they are applied to the headers of an attempt. */
export interface PreparedChanges {
  /** In lower case: what is removed, and what is replaced. */
  dropped: ReadonlySet<string>;
  /** Names and values by turns. */
  added: readonly string[];
}

export function prepareChanges(changes: HeaderChanges | null): PreparedChanges | null {
  if (changes === null) return null;
  return {
    dropped: new Set([...changes.remove, ...changes.add.map(({ name }) => name.toLowerCase())]),
    added: changes.add.flatMap(({ name, value }) => [name, value]),
  };
}

/** @param flat names and values by turns @param names in lower case */
export function withoutNames(flat: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] ?? '';
    if (!names.has(name.toLowerCase())) kept.push(name, flat[i + 1] ?? '');
  }
  return kept;
}

export function changedHeaders(flat: readonly string[], { dropped, added }: PreparedChanges): string[] {
  const kept = withoutNames(flat, dropped);
  kept.push(...added);
  return kept;
}

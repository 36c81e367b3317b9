/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
];

/**
 * A duration as people say it, rounded: `45 seconds`, `7 minutes`, `3 hours`. What is exact in a larger unit is told in it, and
 * so is all that is at least two of it.
 */
export function spokenDuration(ms: number): string {
  const unit = UNITS.find(([size]) => ms >= size && (ms % size === 0 || ms >= 2 * size));
  const [size, name] = unit ?? [1_000, 'second'];
  const count = Math.round(ms / size);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

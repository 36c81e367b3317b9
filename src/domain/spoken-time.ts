/** Each with the unit below it, to which it is rounded. */
const TIMES: readonly [unit: string, ms: number, smaller: string, smallerMs: number][] = [
  ['d', 86_400_000, 'h', 3_600_000],
  ['h', 3_600_000, 'm', 60_000],
  ['m', 60_000, 's', 1000],
];

/** A length of time in its two largest units, rounded: `2d 23h`, `5h 41m`, `4.8s`, `300ms`. @param ms not negative */
export function spokenTime(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  for (const [unit, size, smaller, step] of TIMES) {
    // Rounded first, so that 59m 59.7s is an hour.
    const steps = Math.round(ms / step);
    if (steps * step < size) continue;
    const rest = steps % (size / step);
    return `${Math.floor((steps * step) / size)}${unit}${rest === 0 ? '' : ` ${rest}${smaller}`}`;
  }
  return `${Math.round(ms / 100) / 10}s`;
}

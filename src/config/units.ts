/** What a duration looks like in the file; its value is in ms. */
const DURATION_UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];

/** Binary and decimal units as IEC 80000-13 and the SI have them: 1KiB is 1024 bytes, 1kB is 1000. */
const SIZE_UNITS: readonly (readonly [unit: string, bytes: number])[] = [
  ['GiB', 1024 ** 3],
  ['GB', 1000 ** 3],
  ['MiB', 1024 ** 2],
  ['MB', 1000 ** 2],
  ['KiB', 1024],
  ['kB', 1000],
  ['B', 1],
];

/** How many in how long. */
export interface Rate {
  amount: number;
  perMs: number;
}

const RATE_UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
];

export const DURATION_PATTERN = '^[0-9]{1,16}(ms|s|m|h|d)$';
export const SIZE_PATTERN = '^[0-9]{1,16}(B|kB|KB|KiB|MB|MiB|GB|GiB)$';

export const RATE_PATTERN = '^[0-9]{1,9}/(s|m|h)$';

const DURATION = new RegExp(DURATION_PATTERN);
const SIZE = new RegExp(SIZE_PATTERN);

function read(text: string, pattern: RegExp, units: readonly (readonly [string, number])[]): number | null {
  const unit = pattern.exec(text)?.[1];
  if (unit === undefined) return null;
  const factor = units.find(([name]) => name.toLowerCase() === unit.toLowerCase())?.[1] ?? Number.NaN;
  const value = Number(text.slice(0, -unit.length)) * factor;
  return Number.isSafeInteger(value) ? value : null;
}

/** Reads `500ms`, `30s`, `5m`, `2h` or `14d`. @returns ms, or null when the text is none of them */
export function parseDuration(text: string): number | null {
  return read(text, DURATION, DURATION_UNITS);
}

/** Reads `512B`, `64KiB`, `1MiB`, `10MB` … @returns bytes, or null when the text is none of them */
export function parseSize(text: string): number | null {
  return read(text, SIZE, SIZE_UNITS);
}

function write(value: number, units: readonly (readonly [string, number])[]): string {
  const fitting = units.find(([, factor]) => value !== 0 && value % factor === 0) ?? units.at(-1);
  return fitting === undefined ? String(value) : `${value / fitting[1]}${fitting[0]}`;
}

/** Writes ms in the largest unit without a remainder; {@link parseDuration} reads it back to the same value. */
export function formatDuration(ms: number): string {
  return write(ms, DURATION_UNITS);
}

/** Writes bytes in the largest unit without a remainder; {@link parseSize} reads it back to the same value. */
export function formatSize(bytes: number): string {
  return write(bytes, SIZE_UNITS);
}

const RATE = new RegExp(RATE_PATTERN);

/** Reads `100/s`, `600/m` or `5000/h`. @returns null when the text is none of them, or zero */
export function parseRate(text: string): Rate | null {
  const unit = RATE.exec(text)?.[1];
  const perMs = RATE_UNITS.find(([name]) => name === unit)?.[1];
  const amount = Number.parseInt(text, 10);
  return perMs === undefined || amount === 0 ? null : { amount, perMs };
}

/** Writes a rate as {@link parseRate} reads it. */
export function formatRate({ amount, perMs }: Rate): string {
  return `${amount}/${RATE_UNITS.find(([, ms]) => ms === perMs)?.[0] ?? `${perMs}ms`}`;
}

/** What was probably meant by a rate in another spelling (`100 per second`, `100`), or undefined. */
export function suggestRate(text: string): string | undefined {
  const parts = /^([0-9]{1,9}) ?(?:(?:\/|per) ?([A-Za-z]{1,12}))?$/.exec(text.trim());
  if (parts === null) return undefined;
  const unit = (parts[2] ?? 's').toLowerCase();
  const guess = `${parts[1]}/${SPELLINGS[unit] ?? unit}`;
  return parseRate(guess) === null ? undefined : guess;
}

const SPELLINGS: Readonly<Record<string, string>> = {
  '': 's',
  msec: 'ms',
  millis: 'ms',
  milliseconds: 'ms',
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  hr: 'h',
  hrs: 'h',
  hour: 'h',
  hours: 'h',
  day: 'd',
  days: 'd',
};

function split(text: string): { digits: string; unit: string } | null {
  const parts = /^([0-9]{1,12}) ?([A-Za-z]{0,12})$/.exec(text.trim());
  return parts === null ? null : { digits: parts[1] ?? '', unit: (parts[2] ?? '').toLowerCase() };
}

/** What was probably meant by a duration in another spelling (`30 sec`, `30`), or undefined. */
export function suggestDuration(text: string): string | undefined {
  const parts = split(text);
  if (parts === null) return undefined;
  const guess = `${parts.digits}${SPELLINGS[parts.unit] ?? parts.unit}`;
  return parseDuration(guess) === null ? undefined : guess;
}

/** What was probably meant by a size in another spelling (`10 mb`, `64k`), or undefined. */
export function suggestSize(text: string): string | undefined {
  const parts = split(text);
  if (parts === null) return undefined;
  const unit = SIZE_UNITS.find(([name]) => name.toLowerCase() === parts.unit || name.toLowerCase() === `${parts.unit}ib`)?.[0];
  return unit === undefined ? undefined : `${parts.digits}${unit}`;
}

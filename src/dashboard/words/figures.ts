const NUMBER = new Intl.NumberFormat();

export const count = (value: number): string => NUMBER.format(value);

/** `1 event`, `2,000 events` */
export const counted = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;

/** @param ms not negative */
export function duration(ms: number): string {
  if (ms < 1) return 'under 1 ms';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.round(minutes / (24 * 60))} days`;
}

export function bytes(size: number): string {
  if (size < 1024) return counted(size, 'byte');
  if (size < 1024 * 1024) return `${(size / 1024).toFixed(1)} KiB`;
  return `${(size / 1024 / 1024).toFixed(1)} MiB`;
}

const CLOCK: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' };
const DAY: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short' };

/** In the reader's zone: the time of day, with the date when that is another one than today's. */
export function clock(iso: string, now = new Date()): string {
  const at = new Date(iso);
  const time = at.toLocaleTimeString(undefined, CLOCK);
  if (at.toDateString() === now.toDateString()) return time;
  const year: Intl.DateTimeFormatOptions = at.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' };
  return `${at.toLocaleDateString(undefined, { ...DAY, ...year })}, ${time}`;
}

/** The time of day alone, in the reader's zone. @param ms wall time */
export const clockMinutes = (ms: number): string =>
  new Date(ms).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

const RATE = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
/** What is measured is right to a quarter. */
const ROUGH = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 2 });

/** `12.3/s`, `0.05/s` */
export const rate = (perSecond: number): string => `${(perSecond < 10 ? ROUGH : RATE).format(perSecond)}/s`;

/** `4.2 ms`, `17 ms`, `1.2 s`: as short as the side of a chart wants it. */
export function latency(ms: number): string {
  if (ms >= 60_000) return `${ROUGH.format(ms / 60_000)} min`;
  return ms >= 1_000 ? `${ROUGH.format(ms / 1_000)} s` : `${ROUGH.format(ms)} ms`;
}

/** `12 %` @param value 0 to 1 */
export const share = (value: number): string => `${RATE.format(value * 100)} %`;

/** How long ago, roughly: `4 min`. */
export const age = (iso: string, now = Date.now()): string => duration(Math.max(0, now - Date.parse(iso)));

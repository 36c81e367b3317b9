import { spokenTime } from '../../domain/spoken-time.ts';

const NUMBER = new Intl.NumberFormat();

export const count = (value: number): string => NUMBER.format(value);

/** `1 event`, `2,000 events` */
export const counted = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;

/** As the command line says it, never broken between its two units. @param ms not negative */
export const duration = (ms: number): string => spokenTime(ms).replaceAll(' ', '\u00a0');

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

/** `4.2ms`, `17ms`, `1.2s`: as short as the side of a chart wants it. */
export const latency = (ms: number): string => (ms < 1_000 ? `${ROUGH.format(ms)}ms` : duration(ms));

/** `12 %` @param value 0 to 1 */
export const share = (value: number): string => `${RATE.format(value * 100)} %`;

/** How long ago: `4m 12s`. */
export const age = (iso: string, now = Date.now()): string => duration(Math.max(0, now - Date.parse(iso)));

import { styleText } from 'node:util';
import type { DeliveryStatus } from '../domain/delivery.ts';
import type { Output } from './context.ts';

type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

/** Colours text for this output, or leaves it alone when the output shows none. */
export function painter(output: Output): Paint {
  return (style, text) => (output.colour ? styleText(style, text, { validateStream: false }) : text);
}

/** Senders choose types, keys and paths: nothing of theirs may steer the terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

const STATUS_STYLES: Record<DeliveryStatus, Style> = {
  pending: 'yellow',
  delivered: 'green',
  dead: 'red',
  held: 'magenta',
  filtered: 'gray',
  cancelled: 'gray',
};

/** A delivery's status in its colour; `delivering` and words of newer relays stay plain. */
export function paintStatus(paint: Paint, status: string, text = status): string {
  const style = Object.entries(STATUS_STYLES).find(([name]) => name === status)?.[1];
  return style === undefined ? text : paint(style, text);
}

const STEPS: readonly [limitSeconds: number, unit: string, seconds: number][] = [
  [60, 's', 1],
  [3600, 'm', 60],
  [48 * 3600, 'h', 3600],
  [Number.POSITIVE_INFINITY, 'd', 86_400],
];

/** @returns for example `12s ago`, `in 3h` or `now` */
export function relativeTime(iso: string, now: number): string {
  const seconds = Math.round((Date.parse(iso) - now) / 1000);
  const size = Math.abs(seconds);
  if (Number.isNaN(size)) return printable(iso);
  if (size < 1) return 'now';
  const [, unit, step] = STEPS.find(([limit]) => size < limit) ?? [0, 's', 1];
  const amount = `${Math.floor(size / step)}${unit}`;
  return seconds < 0 ? `${amount} ago` : `in ${amount}`;
}

/** @returns the time of the day here, for example `14:03:20` */
export function clockTime(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? printable(iso) : time.toTimeString().slice(0, 8);
}

/** @returns for example `812 B`, `1.2 KiB` */
export function byteSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}

/** A text in lines of whole words, each no longer than the width; a word that is longer has a line of its own. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ').filter((each) => each !== '')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

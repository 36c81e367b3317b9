import type { AlertPayload } from './payload.ts';

/** The parts of an alert as people read them, before any escaping. */
export interface AlertWords {
  headline: string;
  /** `name: value`, without those that are null. */
  details: string[];
  footer: string;
}

const LONGEST_SUMMARY = 500;
const LONGEST_DETAIL = 200;
const MOST_DETAILS = 8;

/** One line whatever it holds: control characters, line breaks and what turns the direction of text around become spaces. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g;

/** Shortens without cutting a character in two. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const cut = text.slice(0, most - 1);
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

const oneLine = (text: string, most: number): string => shortened(text.replaceAll(UNPRINTABLE, ' ').trim(), most);

export function alertWords({ state, kind, summary, detail, since, relay }: AlertPayload): AlertWords {
  const mark = kind === 'test' ? 'TEST' : state === 'firing' ? 'FIRING' : 'RESOLVED';
  const details = Object.entries(detail)
    .filter(([, value]) => value !== null)
    .slice(0, MOST_DETAILS)
    .map(([name, value]) => `${name}: ${oneLine(String(value), LONGEST_DETAIL)}`);
  return {
    headline: `[${mark}] ${oneLine(summary, LONGEST_SUMMARY)}`,
    details,
    footer: `${kind} since ${since} at ${oneLine(relay, LONGEST_DETAIL)}`,
  };
}

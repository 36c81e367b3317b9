/**
 * Ids are a prefix, the time of creation in ms and the row's sequence, both in Crockford's base 32.
 * So they sort by time, need no index of their own (the sequence is the primary key), and are never
 * reused: after a restore the sequence may run again over old numbers, but not at the old times.
 */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARS = 9; // 45 bits of ms: until the year 3084
const SEQUENCE_CHARS = 11; // 55 bits, more than a safe integer has
const PREFIXES = ['evt', 'dlv', 'rej', 'task', 'aud'] as const;

export type IdKind = (typeof PREFIXES)[number];

/** What an id says: when the row was made (ms since 1970) and its sequence number. */
export interface IdParts {
  time: number;
  sequence: number;
}

function base32(value: number, chars: number): string {
  let rest = value;
  let text = '';
  for (let i = 0; i < chars; i += 1) {
    text = ALPHABET[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** @returns for example `evt_1jb2v7xk50000000002f` */
export function formatId(kind: IdKind, time: number, sequence: number): string {
  return `${kind}_${base32(time, TIME_CHARS)}${base32(sequence, SEQUENCE_CHARS)}`;
}

function unbase32(text: string): number | null {
  let value = 0;
  for (const char of text) {
    const digit = ALPHABET.indexOf(char);
    if (digit < 0) return null;
    value = value * 32 + digit;
  }
  return Number.isSafeInteger(value) ? value : null;
}

/** @returns null for anything that {@link formatId} would not have made for this kind. */
export function parseId(kind: IdKind, id: string): IdParts | null {
  const digits = id.slice(kind.length + 1);
  if (!id.startsWith(`${kind}_`) || digits.length !== TIME_CHARS + SEQUENCE_CHARS) return null;
  const time = unbase32(digits.slice(0, TIME_CHARS));
  const sequence = unbase32(digits.slice(TIME_CHARS));
  return time === null || sequence === null ? null : { time, sequence };
}

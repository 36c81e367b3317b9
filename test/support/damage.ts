import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';

/** Flips one bit. @param at byte offset */
export function flipBit(file: string, at: number, bit = 0): void {
  const bytes = readFileSync(file);
  const byte = bytes[at];
  if (byte === undefined) throw new Error(`${file} has no byte ${at}`);
  bytes[at] = byte ^ (1 << bit);
  writeFileSync(file, bytes);
}

/** Cuts the file to a share of its length. */
export function cutTo(file: string, share: number): void {
  truncateSync(file, Math.floor(statSync(file).size * share));
}

/** Offset of the `occurrence`th place at which the text stands in the file, from 0. */
export function offsetOf(file: string, text: string, occurrence = 0): number {
  const bytes = readFileSync(file);
  let at = bytes.indexOf(text);
  for (let seen = 0; seen < occurrence && at >= 0; seen += 1) at = bytes.indexOf(text, at + 1);
  if (at < 0) throw new Error(`"${text}" does not stand ${occurrence + 1} times in ${file}`);
  return at;
}

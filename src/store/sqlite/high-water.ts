import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** How far a database had been committed when it was last written to. */
export interface HighWater {
  databaseId: string;
  /** Sequence of the last event. */
  sequence: number;
  /** Wall ms of that commit. */
  time: number;
}

/**
 * A small file beside the database that says up to where it was committed. One flipped bit in the write-ahead
 * log silently drops every later commit while `integrity_check` says ok: the comparison at start finds it.
 * Written after each commit without fsync, so after a power loss it may lag, but it never runs ahead.
 */
export class HighWaterFile {
  readonly #fd: number;

  constructor(file: string) {
    closeSync(openSync(file, 'a')); // so that it is there; written at its start, it must not be opened for appending
    this.#fd = openSync(file, 'r+');
  }

  /** @returns false when the file could not be written: a witness that lags raises no false alarm */
  write(mark: HighWater): boolean {
    try {
      writeSync(this.#fd, render(mark), 0, 'latin1');
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** `data/hookbay.db` has `data/hookbay.highwater`. */
export function highWaterFileOf(file: string): string {
  return file.replace(/(\.db)?$/, '.highwater');
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

/** A line of fixed length, so that a shorter one never leaves the end of a longer one behind. */
function render(mark: HighWater): string {
  const text = `${mark.databaseId} ${String(mark.sequence).padStart(16, '0')} ${String(mark.time).padStart(16, '0')}`;
  return `${text} ${checksum(text)}\n`;
}

/** @returns null when there is no file, or none that is whole: it is a witness, not a source */
export function readHighWater(file: string): HighWater | null {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch {
    return null;
  }
  const match = /^((\S+) (\d{16}) (\d{16})) ([0-9a-f]{8})\n$/.exec(text);
  if (match === null || checksum(match[1] ?? '') !== match[5]) return null;
  return { databaseId: match[2] ?? '', sequence: Number(match[3]), time: Number(match[4]) };
}

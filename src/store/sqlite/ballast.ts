import { randomFillSync } from 'node:crypto';
import { rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * A file that only takes up room. A full disk cannot be freed by deleting rows (a delete writes first), so
 * this is removed: settles and retention, but not ingest, can go on in its place.
 */
const MOST_BYTES = 16 * 1024 * 1024;
const LEAST_BYTES = 1024 * 1024;

/** `data/hookbay.db` has `data/hookbay.ballast`. */
export function ballastFileOf(file: string): string {
  return file.replace(/(\.db)?$/, '.ballast');
}

export function ballastSize(minFree: number): number {
  return Math.min(Math.max(Math.floor(minFree / 16), LEAST_BYTES), MOST_BYTES);
}

/** Bytes that an unprivileged process may still use on the disk of the file. */
export function freeBytes(file: string): number {
  const stats = statfsSync(dirname(file));
  return stats.bavail * stats.bsize;
}

/** Makes sure the ballast is there. @returns false when there is no room for it */
export function ensureBallast(file: string, minFree: number): boolean {
  const path = ballastFileOf(file);
  const size = ballastSize(minFree);
  if (statSync(path, { throwIfNoEntry: false })?.size === size) return true;
  if (freeBytes(file) < minFree + size) return false;
  try {
    writeFileSync(path, randomFillSync(Buffer.allocUnsafe(size))); // random, because some file systems store zeros for nothing
    return true;
  } catch {
    rmSync(path, { force: true });
    return false;
  }
}

export function dropBallast(file: string): void {
  rmSync(ballastFileOf(file), { force: true });
}

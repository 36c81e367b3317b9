import { globSync, writeFileSync } from 'node:fs';

const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');

/** Why the clock of a process cannot be set here, or null when it can. */
export const whyNoFaketime: string | null = library === undefined ? 'libfaketime is not installed' : null;

/**
 * The command to put before the relay's: its wall clock is then off by what the file says, also while it runs. The monotonic
 * clock goes on as it does.
 */
export function faketimeWrapper(file: string): string[] {
  return [
    'env',
    `LD_PRELOAD=${library}`,
    `FAKETIME_TIMESTAMP_FILE=${file}`,
    'FAKETIME_NO_CACHE=1',
    'FAKETIME_DONT_FAKE_MONOTONIC=1',
  ];
}

/** @param offsetMs from the real time; whole seconds */
export function setWallClock(file: string, offsetMs: number): void {
  const seconds = Math.round(offsetMs / 1000);
  writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}s`);
}

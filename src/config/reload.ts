import { isDeepStrictEqual } from 'node:util';
import type { Config } from './types.ts';

/** What a running relay cannot change, by its name in the file. */
const FIXED: readonly [name: string, of: (config: Config) => unknown][] = [
  ['listen', (config) => config.listen],
  ['tls', (config) => config.tls !== null],
  ['admin.listen', (config) => config.admin.listen],
  ['storage.url', (config) => config.storage.file],
  ['storage.minFree', (config) => config.storage.minFree],
  ['storage.encryption', (config) => config.storage.encryption.map(({ id, text }) => [id, text])],
  ['limits.headers', (config) => config.limits.headers],
];

/** Names of the settings that differ and take effect only with a restart. */
export function needRestart(before: Config, after: Config): string[] {
  return FIXED.filter(([, of]) => !isDeepStrictEqual(of(before), of(after))).map(([name]) => name);
}

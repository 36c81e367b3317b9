import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { LoadResult } from '../config/load.ts';
import { readText } from '../config/read-text.ts';
import type { CommandContext } from './context.ts';

/** Read by every command when no file is named. */
const DEFAULT_FILE = 'config.yaml';

/**
 * The configuration that a command is about: --config, then HOOKBAY_CONFIG, then ./config.yaml.
 * @returns the absolute path, whether or not a named file exists; null when none is named and none is there
 */
export function configFile(context: CommandContext, named: string | undefined): string | null {
  const fromEnv = context.env.HOOKBAY_CONFIG;
  const name = named ?? (fromEnv === '' ? undefined : fromEnv);
  if (name !== undefined) return resolve(context.cwd, name);
  const found = resolve(context.cwd, DEFAULT_FILE);
  return existsSync(found) ? found : null;
}

/**
 * Reads a configuration; its faults are told all at once in the result. Loaded when needed: the schema is heavy.
 * @param readFile reads it and the files that it names
 */
export async function loadFile(context: CommandContext, file: string, readFile = readText): Promise<LoadResult> {
  const { loadConfigFile } = await import('../config/load.ts');
  return loadConfigFile(file, context.env, readFile);
}

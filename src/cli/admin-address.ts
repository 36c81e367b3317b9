import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListenAddress } from '../config/types.ts';
import { CommandError, wrongUse } from './command-error.ts';
import { configFile, loadFile } from './config-file.ts';
import type { CommandContext } from './context.ts';
import type { AdminOptions } from './options.ts';

/** Where a relay's admin API is, and the token it wants; null for none. */
export interface AdminAddress {
  url: string;
  token: string | null;
}

const DEFAULT_URL = 'http://127.0.0.1:8081';
/** Written by the quickstart, whose ports are the next free ones. */
export const QUICKSTART_FOLDER = 'data/quickstart';
export const QUICKSTART_ADDRESSES = 'addresses.json';

/**
 * From the options, the environment and the configuration file, in this order. A file's token is used
 * only for the address of the same file: it must not reach another relay.
 * @throws CommandError when a file named with --config cannot be used, or the URL is none
 */
export async function adminAddress(context: CommandContext, options: AdminOptions): Promise<AdminAddress> {
  const given = options.url ?? context.env.HOOKBAY_ADMIN_URL;
  const token = options.token ?? context.env.HOOKBAY_ADMIN_TOKEN;
  const fromFile = given === undefined || given === '' ? await addressFromFile(context, options.config) : null;
  const url = given || fromFile?.url || (await quickstartUrl(context)) || DEFAULT_URL;
  if (!URL.canParse(url)) throw wrongUse(`The admin address is not a URL: ${url}`, `For example ${DEFAULT_URL}.`);
  return { url: url.replace(/\/+$/, ''), token: token || fromFile?.token || null };
}

async function addressFromFile(context: CommandContext, named: string | undefined): Promise<AdminAddress | null> {
  const file = configFile(context, named);
  if (file === null) return null;
  const result = await loadFile(context, file);
  if (result.ok) return { url: `http://${reachable(result.config.admin.listen)}`, token: result.config.admin.tokens[0] ?? null };
  if (named === undefined) return null;
  const hint = `See what is wrong with it: hookbay check --config ${named}. Or give --url and --token.`;
  throw new CommandError({ exitCode: 2, code: 'config_invalid', message: `${named} is not a usable configuration.`, hint });
}

async function quickstartUrl(context: CommandContext): Promise<string | null> {
  try {
    const text = await readFile(join(context.cwd, QUICKSTART_FOLDER, QUICKSTART_ADDRESSES), 'utf8');
    const { admin } = JSON.parse(text) as { admin?: unknown };
    return typeof admin === 'string' ? admin : null;
  } catch {
    return null; // No quickstart ran here: the default address is as good a guess as any.
  }
}

/** `host:port` as a client on this machine reaches a listener: one on every address answers on loopback. */
export function reachable({ host, port }: ListenAddress): string {
  const name = host === '0.0.0.0' || host === '' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${name.includes(':') ? `[${name}]` : name}:${port}`;
}

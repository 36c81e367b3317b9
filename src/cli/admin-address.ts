import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileAddresses } from '../config/addresses.ts';
import type { ListenAddress } from '../config/types.ts';
import { CommandError, wrongUse } from './command-error.ts';
import { configFile } from './config-file.ts';
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
 * @throws CommandError when a file does not tell where its relay is, its token is not known here, or the URL is none
 */
export async function adminAddress(context: CommandContext, options: AdminOptions): Promise<AdminAddress> {
  const given = options.url || context.env.HOOKBAY_ADMIN_URL;
  const token = options.token || context.env.HOOKBAY_ADMIN_TOKEN || null;
  const file = given ? null : configFile(context, options.config);
  if (file !== null) return addressFromFile(context, file, token);
  const url = given || (await quickstartUrl(context)) || DEFAULT_URL;
  if (!URL.canParse(url)) throw wrongUse(`The admin address is not a URL: ${url}`, `For example ${DEFAULT_URL}.`);
  return { url: url.replace(/\/+$/, ''), token };
}

async function addressFromFile(context: CommandContext, file: string, givenToken: string | null): Promise<AdminAddress> {
  const { adminListen, adminToken } = await fileAddresses(context, file);
  if (adminListen.kind === 'unknown')
    throw unknownHere(file, 'admin.listen', adminListen.why, 'Set it, or give --url and --token.');
  const url = adminListen.kind === 'absent' ? DEFAULT_URL : `http://${reachable(adminListen.value)}`;
  if (givenToken !== null) return { url, token: givenToken };
  if (adminToken.kind === 'unknown') {
    const hint = 'Set it as it is for the relay, or give the token with --token or HOOKBAY_ADMIN_TOKEN.';
    throw unknownHere(file, 'admin.token', adminToken.why, hint);
  }
  return { url, token: adminToken.kind === 'known' ? adminToken.value : null };
}

/**
 * What a configuration file tells of a running relay, also without the secrets that the relay was started with.
 * @throws CommandError when it tells nothing: another relay must not answer for this one
 */
export async function fileAddresses(context: CommandContext, file: string): Promise<FileAddresses> {
  const { readAddresses } = await import('../config/addresses.ts');
  const addresses = readAddresses(file, context.env);
  if (addresses !== null) return addresses;
  throw unreadable(file, ' Or name the relay with --url.');
}

/** @param instead what can be done besides */
export function unreadable(file: string, instead = ''): CommandError {
  const hint = `See what is wrong with it: \`hookbay check --config ${file}\`.${instead}`;
  return new CommandError({ exitCode: 2, code: 'config_invalid', message: `${file} cannot be read as a configuration.`, hint });
}

/** A value of the file that the relay knows and this command does not. */
export function unknownHere(file: string, key: string, why: string, hint: string): CommandError {
  return new CommandError({
    exitCode: 2,
    code: 'config_incomplete',
    message: `\`${key}\` in ${file} is not known here: ${why}.`,
    hint,
  });
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

import { dirname, resolve } from 'node:path';
import type { Path } from './fault.ts';
import { listenAddress } from './leaves.ts';
import { readText } from './read-text.ts';
import { parseSource } from './source.ts';
import { databasePath, storage } from './storage-schema.ts';
import { readTree, valueAt } from './tree.ts';
import type { ListenAddress } from './types.ts';

/** One value of a file: it may be absent, or written and yet not known here. */
export type Written<T> = { kind: 'absent' } | { kind: 'known'; value: T } | { kind: 'unknown'; why: string };

/** Where a relay with this file listens, and the token of its admin API. */
export interface FileAddresses {
  listen: Written<ListenAddress>;
  /** Absolute path of the certificate; absent for plain HTTP. */
  certFile: Written<string>;
  adminListen: Written<ListenAddress>;
  adminToken: Written<string>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const listen = listenAddress();

/**
 * Reads what it takes to reach a running relay, and nothing else: whoever asks it need not have the secrets that it runs with,
 * and the file may have faults elsewhere.
 * @param file absolute path
 * @returns null when the file cannot be read or is not YAML
 */
export function readAddresses(file: string, env: Environment): FileAddresses | null {
  const opened = open(file, env);
  if (opened === null) return null;
  const { root, read } = opened;
  const address = (path: Path): Written<ListenAddress> => {
    const written = read(path);
    if (written.kind !== 'known') return written;
    const { data } = listen.safeParse(written.value);
    return data === undefined ? { kind: 'unknown', why: 'it is not an address' } : { kind: 'known', value: data };
  };
  const secretsAt = (path: Path): Written<unknown>[] => {
    const token = read(path);
    return token.kind === 'known' && Array.isArray(token.value) ? token.value.map((_, i) => read([...path, i])) : [token];
  };
  const named = valueAt(root, ['admin', 'tokens']);
  const operators = (Array.isArray(named) ? [...named.keys()] : [])
    .map((i): Path => ['admin', 'tokens', i])
    .filter((path) => valueAt(root, [...path, 'role']) === 'operator');
  // Where `admin.token` is written and not known here, whoever asks must not act in the name of somebody else.
  const own = firstKnown(secretsAt(['admin', 'token']));
  const adminToken = own.kind === 'absent' ? firstKnown(operators.flatMap((path) => secretsAt([...path, 'token']))) : own;
  const certFile = (): Written<string> => {
    if (valueAt(root, ['tls']) === undefined) return { kind: 'absent' };
    const written = read(['tls', 'cert']);
    if (written.kind === 'unknown') return written;
    if (written.kind === 'absent' || typeof written.value !== 'string') return { kind: 'unknown', why: 'it is not a path' };
    return { kind: 'known', value: resolve(dirname(file), written.value) };
  };
  return {
    listen: address(['listen']),
    certFile: certFile(),
    adminListen: address(['admin', 'listen']),
    adminToken,
  };
}

/**
 * The database of a file, read like its addresses.
 * @returns an absolute path, the default's when none is written; null when the file cannot be read or is not YAML
 */
export function readDatabase(file: string, env: Environment): Exclude<Written<string>, { kind: 'absent' }> | null {
  const opened = open(file, env);
  if (opened === null) return null;
  const written = opened.read(['storage', 'url']);
  if (written.kind === 'unknown') return written;
  const { data } = storage.shape.url.safeParse(written.kind === 'known' ? written.value : undefined);
  if (data === undefined) return { kind: 'unknown', why: 'it is not sqlite: and a path' };
  return { kind: 'known', value: resolve(dirname(file), databasePath(data)) };
}

/** The file's tree, and what is written at a place of it. */
function open(file: string, env: Environment): { root: unknown; read(path: Path): Written<unknown> } | null {
  const text = contents(file);
  const source = text === null ? null : parseSource(text);
  if (source === null || !source.whole) return null;
  const tree = readTree(source.document, { env, readFile: readText, folder: dirname(file) }, source.unquoted);
  const read = (path: Path): Written<unknown> => {
    const value = valueAt(tree.value, path);
    if (value === undefined) return { kind: 'absent' };
    if (!tree.isBroken(path)) return { kind: 'known', value };
    const key = JSON.stringify(path);
    const fault = tree.faults.find((each) => JSON.stringify(each.path) === key);
    return { kind: 'unknown', why: fault?.message ?? 'its placeholder must be quoted' };
  };
  return { root: tree.value, read };
}

function contents(file: string): string | null {
  try {
    return readText(file);
  } catch {
    return null;
  }
}

/** Any token of a list opens the API; an empty one counts as not there. */
function firstKnown(tokens: readonly Written<unknown>[]): Written<string> {
  let unknown: Written<string> = { kind: 'absent' };
  for (const token of tokens) {
    if (token.kind === 'unknown') unknown = token;
    else if (token.kind === 'known' && typeof token.value === 'string' && token.value !== '')
      return { kind: 'known', value: token.value };
  }
  return unknown;
}

import { dirname, resolve } from 'node:path';
import { type Fault, type FaultCode, pathText } from './fault.ts';
import { schemaFaults } from './issues.ts';
import { NamedFiles } from './named-files.ts';
import { readText } from './read-text.ts';
import { resolveConfig } from './resolve.ts';
import { ruleFaults } from './rules.ts';
import { fileSchema } from './schema.ts';
import { parseSource, type Source } from './source.ts';
import { readTree, type Tree, type TreeFault } from './tree.ts';
import type { Config } from './types.ts';

export type LoadResult = { ok: true; config: Config } | { ok: false; faults: Fault[] };

export interface LoadContext {
  /** Absolute path of the file, or null for a text that has none. */
  file: string | null;
  /** Where relative paths start, absolute; used only without a file, whose own folder counts otherwise. */
  cwd?: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Reads a text file named by `${file:…}`, from the disk where left out; throws when it cannot. */
  readFile?: (path: string) => string;
}

interface PlacedFault {
  offset: number;
  fault: Fault;
}

function place(fault: TreeFault, tree: Tree, source: Source, file: string | null): PlacedFault {
  const { path, atKey, ...rest } = fault;
  const offset = tree.offsetOf(path, atKey === true);
  return { offset, fault: { ...rest, file, path: pathText(path), ...source.positionOf(offset) } };
}

function syntaxFaults(source: Source, file: string | null): PlacedFault[] {
  return source.faults.map(({ offset, ...rest }) => ({
    offset,
    fault: { ...rest, file, path: '', ...source.positionOf(offset) },
  }));
}

/** In the order of the file, each told once. */
function inOrder(placed: readonly PlacedFault[]): Fault[] {
  const seen = new Set<string>();
  return [...placed]
    .sort((a, b) => a.offset - b.offset)
    .map(({ fault }) => fault)
    .filter((fault) => {
      const key = JSON.stringify([fault.line, fault.column, fault.code, fault.path, fault.message]);
      return !seen.has(key) && seen.add(key);
    });
}

/**
 * Reads a configuration. Never throws for what stands in the text: every fault is returned, all at once and in the order
 * of the file. After a syntax fault only the syntax faults are told, because what YAML made of the rest is a guess.
 */
export function loadConfig(text: string, context: LoadContext): LoadResult {
  const { file, env, readFile = readText } = context;
  const folder = file === null ? resolve(context.cwd ?? '.') : dirname(file);
  const source = parseSource(text);
  const syntax = syntaxFaults(source, file);
  if (!source.whole) return { ok: false, faults: inOrder(syntax) };
  const tree = readTree(source.document, { env, readFile, folder }, source.unquoted);
  const toFault = (fault: TreeFault): PlacedFault => place(fault, tree, source, file);
  if (tree.faults.some(({ code }) => code === 'too_much')) return { ok: false, faults: inOrder(tree.faults.map(toFault)) };
  const value = tree.value ?? {};
  const parsed = fileSchema.safeParse(value);
  const issues = parsed.success ? [] : schemaFaults(parsed.error.issues, tree);
  const files = new NamedFiles(folder, readFile);
  const further = [...issues, ...ruleFaults(tree, files)].filter(({ path }) => !tree.isBroken(path));
  const faults = inOrder([...syntax, ...[...tree.faults, ...further].map(toFault)]);
  if (!parsed.success || faults.length > 0) return { ok: false, faults };
  return { ok: true, config: resolveConfig(parsed.data, file, { files, isFilled: tree.isFilled }) };
}

function fileFault(file: string, code: FaultCode, message: string, expected: string): LoadResult {
  return { ok: false, faults: [{ code, file, line: 0, column: 0, path: '', message, expected }] };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/**
 * Reads a configuration file, and the files of secrets that it names.
 * @param path absolute, or relative to the working directory
 * @param readFile reads all of them; throws when it cannot
 */
export function loadConfigFile(path: string, env: LoadContext['env'], readFile: (path: string) => string = readText): LoadResult {
  const file = resolve(path);
  let text: string;
  try {
    text = readFile(file);
  } catch (error) {
    if (isMissing(error)) return fileFault(file, 'file_missing', 'there is no such configuration file', 'a file at this path');
    return fileFault(
      file,
      'file_unreadable',
      'the configuration file cannot be read',
      'a text file in UTF-8 that hookbay may read',
    );
  }
  return loadConfig(text, { file, env, readFile });
}

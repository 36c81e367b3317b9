import { resolve } from 'node:path';
import type { FaultCode } from './fault.ts';
import { closest } from './suggest.ts';

/** Where the values of placeholders come from. */
export interface PlaceholderSources {
  env: Readonly<Record<string, string | undefined>>;
  /** Reads a text file; throws when it cannot. */
  readFile: (path: string) => string;
  /** Absolute; `${file:…}` paths are relative to it. */
  folder: string;
}

export interface PlaceholderProblem {
  code: FaultCode;
  message: string;
  expected: string;
  suggestion?: string;
}

export interface Filled {
  text: string;
  /** Whether anything was filled in, so that the text may not be shown. */
  filled: boolean;
  problems: PlaceholderProblem[];
}

const SHAPES = '${VAR}, ${VAR:-default} or ${file:/run/secrets/name}; $${ for a plain ${';
const PLACEHOLDER = /\$\$\{|\$\{([^}]*)\}?/g;
const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

type Value = { value: string } | { problem: PlaceholderProblem };

function variable(name: string, fallback: string | undefined, env: PlaceholderSources['env']): Value {
  const value = env[name];
  // As in a shell: `:-` also stands in for a variable that is set and empty.
  if (fallback !== undefined) return { value: value === undefined || value === '' ? fallback : value };
  if (value !== undefined) return { value };
  const near = closest(name, Object.keys(env));
  return {
    problem: {
      code: 'unset_variable',
      message: `the environment variable ${name} is not set`,
      expected: `${name} in the environment, or a default: \${${name}:-…}`,
      ...(near !== undefined && { suggestion: near }),
    },
  };
}

function secretFile(path: string, sources: PlaceholderSources): Value {
  try {
    const text = sources.readFile(resolve(sources.folder, path));
    return { value: text.replace(/(\r?\n)+$/, '') };
  } catch {
    return {
      problem: {
        code: 'secret_file_unreadable',
        message: `the file ${path} cannot be read`,
        expected: 'a file that hookbay may read',
      },
    };
  }
}

function lookUp(inner: string, closed: boolean, sources: PlaceholderSources): Value {
  if (closed && inner.startsWith('file:') && inner.length > 'file:'.length)
    return secretFile(inner.slice('file:'.length), sources);
  const parts = closed ? VARIABLE.exec(inner) : null;
  if (parts?.[1] !== undefined) return variable(parts[1], parts[2], sources.env);
  return { problem: { code: 'bad_placeholder', message: 'a placeholder has a wrong shape', expected: SHAPES } };
}

/**
 * Fills the placeholders of one string. What is filled in is not looked at again, so a secret may contain `${`.
 * The trailing line breaks of a secret's file are not part of it. A placeholder with a problem stays as it is.
 */
export function fillPlaceholders(text: string, sources: PlaceholderSources): Filled {
  const problems: PlaceholderProblem[] = [];
  let filled = false;
  const result = text.replace(PLACEHOLDER, (whole: string, inner: string | undefined) => {
    if (inner === undefined) return '${';
    filled = true;
    const found = lookUp(inner, whole.endsWith('}'), sources);
    if ('value' in found) return found.value;
    problems.push(found.problem);
    return whole;
  });
  return { text: result, filled, problems };
}

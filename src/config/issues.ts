import type * as z from 'zod';
import { type Path, pathText } from './fault.ts';
import { expectedAt, knownKeys } from './json-schema.ts';
import type { LeafProblem } from './leaves.ts';
import { closest } from './suggest.ts';
import { type Tree, type TreeFault, valueAt } from './tree.ts';

type Issue = z.core.$ZodIssue;

const NAMES = 'letters, digits, - and _, beginning with a letter or digit, at most 64';

/** Longer values are cut, so that one wrong line does not fill the screen. */
const LONGEST_SHOWN = 60;

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return value === undefined ? 'nothing' : `a ${typeof value === 'string' ? 'text' : typeof value}`;
}

function nameOf(path: Path): string {
  return path.length === 0 ? 'the file' : pathText(path);
}

function notThis(path: Path, value: unknown): string {
  return `${nameOf(path)} is not valid: it is ${typeName(value)}`;
}

function missing(path: Path, expected: string): TreeFault {
  return { path, code: 'missing_key', message: `${nameOf(path)} is missing`, expected };
}

function leafFault(path: Path, problem: LeafProblem, tree: Tree): TreeFault {
  if (problem.item === undefined && valueAt(tree.value, path) === undefined) return missing(path, problem.expected);
  // A URL may hold a password, also where another kind of URL was expected.
  const written = problem.hidden || problem.code === 'bad_url' ? null : tree.writtenAt(path);
  const value = valueAt(tree.value, path);
  const shown = written === null ? '' : `: ${JSON.stringify(written.slice(0, LONGEST_SHOWN))}`;
  const isScalar = typeof value !== 'object';
  const message = problem.message ?? (isScalar ? `${nameOf(path)} is not valid${shown}` : notThis(path, value));
  const suggested = problem.suggestion !== undefined && !tree.isFilled(path);
  const fault: TreeFault = { path, code: isScalar ? problem.code : 'wrong_type', message, expected: problem.expected };
  return suggested ? { ...fault, suggestion: problem.suggestion ?? '' } : fault;
}

function unknownKeys(path: Path, keys: readonly string[]): TreeFault[] {
  const known = knownKeys(path);
  return keys.map((key) => {
    const near = closest(key, known);
    const where = path.length === 0 ? '' : ` in ${pathText(path)}`;
    const fault: TreeFault = {
      path: [...path, key],
      atKey: true,
      code: 'unknown_key',
      message: `there is no key ${JSON.stringify(key.slice(0, LONGEST_SHOWN))}${where}`,
      expected: `one of ${known.join(', ')}`,
    };
    return near === undefined ? fault : { ...fault, suggestion: near };
  });
}

/** The branch of a union that fits the value's type has no issue at its root; then its issues are the ones to tell. */
function unionFaults(path: Path, issue: Extract<Issue, { code: 'invalid_union' }>, tree: Tree): TreeFault[] {
  const fitting = issue.errors.find((branch) =>
    branch.every((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'),
  );
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : null;
  if (options !== null) return [unknownOption(path, options, tree)];
  if (fitting !== undefined && fitting.length > 0) return fitting.flatMap((inner) => issueFaults(inner, path, tree));
  // A list has one branch that takes lists, and a text that no word of a choice fits is told with the words.
  const leaves = issue.errors.filter((branch) => branch.every((inner) => inner.code === 'custom' || inner.code === 'too_small'));
  const value = valueAt(tree.value, path);
  const [only] = leaves;
  if (only !== undefined && (typeof value === 'string' || Array.isArray(value))) {
    const telling =
      leaves.find((branch) => branch.some((inner) => (inner.code === 'too_small') === Array.isArray(value))) ?? only;
    return telling
      .flatMap((inner) => issueFaults(inner, path, tree))
      .map((fault) => ({ ...fault, expected: expectedAt(path) ?? fault.expected }));
  }
  return [wrongType(path, tree)];
}

function unknownOption(path: Path, options: readonly string[], tree: Tree): TreeFault {
  const value = valueAt(tree.value, path);
  const near = typeof value === 'string' ? closest(value, options) : undefined;
  const problem: LeafProblem = {
    code: 'bad_value',
    expected: options.length === 1 ? `${options[0]}` : `one of ${options.join(', ')}`,
  };
  return leafFault(path, near === undefined ? problem : { ...problem, suggestion: near }, tree);
}

function wrongType(path: Path, tree: Tree): TreeFault {
  const value = valueAt(tree.value, path);
  const expected = expectedAt(path) ?? 'another kind of value';
  if (value === undefined) return missing(path, expected);
  return { path, code: 'wrong_type', message: notThis(path, value), expected };
}

/** What one issue of the schema means for the person who wrote the file. */
function issueFaults(issue: Issue, parent: Path, tree: Tree): TreeFault[] {
  const path = [...parent, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
  switch (issue.code) {
    case 'custom': {
      const problem = issue.params?.problem as LeafProblem | undefined;
      if (problem !== undefined) return [leafFault(path, problem, tree)];
      return [{ path, code: 'empty_list', message: `${nameOf(path)} is empty`, expected: issue.message }];
    }
    case 'unrecognized_keys':
      return unknownKeys(path, issue.keys);
    case 'invalid_union':
      return unionFaults(path, issue, tree);
    case 'invalid_key':
      return [
        {
          path,
          atKey: true,
          code: 'bad_name',
          message: `the name ${JSON.stringify(String(path.at(-1)).slice(0, LONGEST_SHOWN))} cannot be used`,
          expected: NAMES,
        },
      ];
    case 'too_small':
      return [{ path, code: 'empty_list', message: `${nameOf(path)} is empty`, expected: issue.message }];
    default:
      return [wrongType(path, tree)];
  }
}

/** All issues of the schema as faults. Values are shown only as they stand in the file, and never those that are secret. */
export function schemaFaults(issues: readonly Issue[], tree: Tree): TreeFault[] {
  return issues.flatMap((issue) => issueFaults(issue, [], tree));
}

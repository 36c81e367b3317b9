import { isHeaderName, isPassedOn, isSettable } from '../domain/header-rules.ts';
import type { Path } from './fault.ts';
import { type TreeFault, valueAt } from './tree.ts';

function headerFault(path: Path, name: string, atKey: boolean, isAllowed: (name: string) => boolean): TreeFault[] {
  const isName = isHeaderName(name);
  if (isName && isAllowed(name)) return [];
  const message = isName
    ? `${name.toLowerCase()} is not for a rule: the relay itself decides about it`
    : 'this is no name of a header';
  const expected = 'the name of a header that is not about the connection, the length or the relay';
  return [{ path, ...(atKey ? { atKey } : {}), code: 'bad_header', message, expected }];
}

function headerRules(file: unknown, entry: Path): TreeFault[] {
  const at = [...entry, 'headers'];
  const add = valueAt(file, [...at, 'add']);
  const remove = valueAt(file, [...at, 'remove']);
  const added = typeof add === 'object' && add !== null && !Array.isArray(add) ? Object.keys(add) : [];
  const faults = added.flatMap((name) => headerFault([...at, 'add', name], name, true, isSettable));
  const seen = new Set<string>();
  for (const name of added) {
    if (seen.has(name.toLowerCase())) {
      const message = 'this header is here twice: capital and small letters make no difference';
      faults.push({ path: [...at, 'add', name], atKey: true, code: 'repeated', message, expected: 'each header once' });
    }
    seen.add(name.toLowerCase());
  }
  const removed: unknown[] = Array.isArray(remove) ? remove : [];
  return [
    ...faults,
    ...removed.flatMap((name, i) => (typeof name === 'string' ? headerFault([...at, 'remove', i], name, false, isPassedOn) : [])),
  ];
}

function transformRules(file: unknown, entry: Path): TreeFault[] {
  const path = [...entry, 'transform'];
  const transform = valueAt(file, path);
  if (typeof transform !== 'object' || transform === null || Array.isArray(transform) || Object.keys(transform).length > 0)
    return [];
  const message = 'this transform changes nothing';
  return [{ path, code: 'missing_key', message, expected: 'a JSONata expression for the body, or { body, headers }' }];
}

/** Whoever waits for the answer of a target cannot wait for its first attempt as well. */
function delayRules(file: unknown, route: Path, entry: Path, entries: readonly Path[]): TreeFault[] {
  const path = [...entry, 'delay'];
  const answers = String(valueAt(file, [...entry, 'answers'])) === 'true' || entries.length === 1;
  if (valueAt(file, path) === undefined || valueAt(file, [...route, 'mode']) !== 'proxy' || !answers) return [];
  const message = 'the sender waits for the answer of this target, and the first attempt would come later';
  return [{ path, code: 'contradiction', message, expected: 'no `delay` here; or mode: queue' }];
}

/** What concerns the rules of one route's edges. @param entries where the targets of the route stand */
export function edgeRules(file: unknown, route: Path, entries: readonly Path[]): TreeFault[] {
  return entries.flatMap((entry) => [
    ...headerRules(file, entry),
    ...transformRules(file, entry),
    ...delayRules(file, route, entry, entries),
  ]);
}

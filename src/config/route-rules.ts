import { presetOf } from '../providers/presets.ts';
import { edgeRules } from './edge-rules.ts';
import type { Path } from './fault.ts';
import { handshakeRules } from './handshake-schema.ts';
import { proxyRules } from './proxy-rules.ts';
import { closest } from './suggest.ts';
import { type Tree, type TreeFault, valueAt } from './tree.ts';
import { looksLikeUrl, NAME } from './urls.ts';
import { isUnverified, providerAt, verifyRules } from './verify-rules.ts';

function dedupRules(file: unknown, path: Path): TreeFault[] {
  const at = [...path, 'dedup'];
  const dedup = valueAt(file, at);
  if (typeof dedup !== 'object' || valueAt(dedup, ['key']) !== undefined || hasRule(file, path, 'id')) return [];
  const provider = providerAt(file, path);
  const message =
    provider === null
      ? 'without a provider there is no key of its own to recognise duplicates by'
      : `${provider}'s events carry no key to recognise duplicates by`;
  return [{ path: at, code: 'no_dedup_key', message, expected: 'a key: header:name, body:path or body' }];
}

/** Whether the provider of a route says where an event's key or type is. What is no provider has a fault of its own. */
function hasRule(file: unknown, route: Path, rule: 'id' | 'type'): boolean {
  if (isUnverified(file, route)) return false;
  const provider = providerAt(file, route);
  if (provider !== null) return presetOf(provider)[rule].length > 0;
  const custom = valueAt(file, [...route, 'verify', 'custom']);
  if (custom === undefined) return true;
  const written = valueAt(custom, [rule]);
  return Array.isArray(written) && written.length > 0;
}

/** Types come from a provider's rule; without one every event would be filtered, which nobody means. */
function eventsRules(file: unknown, path: Path): TreeFault[] {
  if (hasRule(file, path, 'type')) return [];
  return entriesOf(file, [...path, 'deliver']).flatMap((entry): TreeFault[] => {
    const at = [...entry, 'events'];
    const events = valueAt(file, at);
    if (!Array.isArray(events) || events.length === 0) return [];
    return [
      {
        path: at,
        code: 'no_event_type',
        message: 'events of this route have no type, so nothing would ever match this list and be delivered',
        expected: 'no `events` here; or a provider under `verify` that names the type (knowledgesdk: `event` in the body)',
      },
    ];
  });
}

interface Reference {
  path: Path;
  target: string;
}

/** Where the targets of a `deliver` stand: itself, or the items of the list. */
function entriesOf(file: unknown, path: Path): Path[] {
  const deliver = valueAt(file, path);
  return Array.isArray(deliver) ? deliver.map((_, i): Path => [...path, i]) : [path];
}

function references(file: unknown, path: Path): Reference[] {
  return entriesOf(file, path).flatMap((entry): Reference[] => {
    const value = valueAt(file, entry);
    const at = typeof value === 'string' ? entry : [...entry, 'target'];
    const target = valueAt(file, at);
    return typeof target === 'string' ? [{ path: at, target }] : [];
  });
}

function unknownTarget({ path, target }: Reference, targets: readonly string[], tree: Tree): TreeFault {
  const near = closest(target, targets);
  const fault: TreeFault = {
    path,
    code: 'unknown_target',
    message: `there is no target ${JSON.stringify(tree.writtenAt(path))}`,
    expected: targets.length === 0 ? 'a target under `targets`, or a URL' : `one of ${targets.join(', ')}, or a URL`,
  };
  return near === undefined ? fault : { ...fault, suggestion: near };
}

function deliverRules(tree: Tree, route: string, path: Path, targets: readonly string[]): TreeFault[] {
  const faults: TreeFault[] = [];
  const seen = new Set<string>();
  let inline = 0;
  for (const reference of references(tree.value, [...path, 'deliver'])) {
    const { target, path: at } = reference;
    const isUrl = looksLikeUrl(target);
    if (seen.has(target)) {
      const message = 'this route already delivers to this target';
      faults.push({
        path: at,
        code: 'repeated',
        message,
        expected: 'each target once; several event types go in one `events` list',
      });
    } else if (isUrl) {
      inline++;
      if (inline > 1 || targets.includes(route)) faults.push(inlineName(at, inline > 1));
    } else if (NAME.test(target) && !targets.includes(target)) {
      faults.push(unknownTarget(reference, targets, tree));
    }
    seen.add(target);
  }
  return faults;
}

/** The name of a target stays with its deliveries, so it may not depend on the order of a list. */
function inlineName(path: Path, second: boolean): TreeFault {
  const message = second
    ? 'a second URL in this route would need a name of its own'
    : 'a URL makes a target named after its route, and there is a target of that name';
  return { path, code: 'inline_target_name', message, expected: 'a target with a name under `targets`, and its name here' };
}

/** What concerns routes and their targets together. */
export function routeRules(tree: Tree, targets: readonly string[], routes: readonly string[]): TreeFault[] {
  const file = tree.value;
  const faults: TreeFault[] = [];
  const routeByPath = new Map<string, string>();
  for (const route of routes) {
    const path: Path = ['routes', route];
    const publicPath = valueAt(file, [...path, 'path']);
    const first = typeof publicPath === 'string' ? routeByPath.get(publicPath) : undefined;
    if (first !== undefined) {
      const message = `the route ${first} already has this path`;
      faults.push({ path: [...path, 'path'], code: 'duplicate_path', message, expected: 'a path of its own for each route' });
    } else if (typeof publicPath === 'string') {
      routeByPath.set(publicPath, route);
    }
    faults.push(...verifyRules(file, path), ...dedupRules(file, path), ...eventsRules(file, path));
    faults.push(...handshakeRules(file, path));
    const entries = entriesOf(file, [...path, 'deliver']);
    faults.push(...deliverRules(tree, route, path, targets), ...proxyRules(file, path, entries));
    faults.push(...edgeRules(file, path, entries));
  }
  return faults;
}

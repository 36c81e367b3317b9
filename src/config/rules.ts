import { doorRules, tlsRules } from './door-rules.ts';
import type { Path } from './fault.ts';
import { limitKeys } from './limits-schema.ts';
import type { NamedFiles } from './named-files.ts';
import { isLoopback, isWildcard } from './network.ts';
import { outgoingRules } from './outgoing-rules.ts';
import { retryRules } from './retry-rules.ts';
import { routeRules } from './route-rules.ts';
import { fileSchema } from './schema.ts';
import { type Tree, type TreeFault, valueAt } from './tree.ts';
import { isConfigured } from './verify-rules.ts';

/** The value as its schema reads it with defaults, or undefined when the schema has its own fault for it. */
function read<T>(
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
  value: unknown,
): T | undefined {
  const result = schema.safeParse(value);
  return result.success ? result.data : undefined;
}

function listenerRules(file: unknown): TreeFault[] {
  const faults: TreeFault[] = [];
  const admin = fileSchema.shape.admin.unwrap().shape;
  const publicSide = read(fileSchema.shape.listen, valueAt(file, ['listen']));
  const privateSide = read(admin.listen, valueAt(file, ['admin', 'listen']));
  if (privateSide === undefined) return faults;
  const { host, port } = privateSide;
  if (!isLoopback(host) && !hasToken(file)) {
    faults.push({
      path: ['admin', 'token'],
      code: 'admin_token_required',
      message: 'the private listener can be reached from outside, but has no token',
      expected: 'token: "${HOOKBAY_ADMIN_TOKEN}" with at least 16 characters, or a loopback address such as 127.0.0.1:8081',
    });
  }
  const sameHost = publicSide !== undefined && (publicSide.host === host || isWildcard(publicSide.host) || isWildcard(host));
  if (sameHost && port !== 0 && publicSide.port === port) {
    const message = 'the public and the private listener share a port';
    faults.push({ path: ['admin', 'listen'], code: 'same_listener', message, expected: 'two different ports' });
  }
  return faults;
}

function namedTokens(file: unknown): Path[] {
  const tokens = valueAt(file, ['admin', 'tokens']);
  return Array.isArray(tokens) ? tokens.map((_, i): Path => ['admin', 'tokens', i]) : [];
}

function hasToken(file: unknown): boolean {
  const places: Path[] = [['admin'], ...namedTokens(file)];
  return places.some((place) => isConfigured(valueAt(file, [...place, 'token'])));
}

/** Whoever acts is found by the name, so each stands for one. */
function tokenRules(file: unknown): TreeFault[] {
  const seen = new Set<unknown>(['admin']);
  return namedTokens(file).flatMap((place): TreeFault[] => {
    const path = [...place, 'name'];
    const name = valueAt(file, path);
    if (typeof name !== 'string') return [];
    const isTaken = seen.has(name);
    seen.add(name);
    if (!isTaken) return [];
    const message = name === 'admin' ? 'admin is the name of admin.token' : 'this name has a token already';
    return [{ path, code: 'repeated', message, expected: 'a name of its own; several secrets of one person go in a list' }];
  });
}

function limitRules(file: unknown): TreeFault[] {
  const limits = fileSchema.shape.limits.unwrap().shape;
  const body = read(limits.body, valueAt(file, ['limits', 'body']));
  const inFlight = read(limits.inFlight, valueAt(file, ['limits', 'inFlight']));
  if (body === undefined || inFlight === undefined || body <= inFlight) return [];
  const path = valueAt(file, ['limits', 'inFlight']) === undefined ? ['limits', 'body'] : ['limits', 'inFlight'];
  const message = 'a body of the largest size would never fit in limits.inFlight';
  return [{ path, code: 'contradiction', message, expected: 'limits.inFlight at least as large as limits.body' }];
}

function encryptionRules(file: unknown): TreeFault[] {
  const keys = valueAt(file, ['storage', 'encryption', 'keys']);
  const ids = Array.isArray(keys) ? keys.map((_, index) => valueAt(file, ['storage', 'encryption', 'keys', index, 'id'])) : [];
  return ids.flatMap((id, index): TreeFault[] => {
    if (typeof id !== 'string' || ids.indexOf(id) === index) return [];
    const path: Path = ['storage', 'encryption', 'keys', index, 'id'];
    return [{ path, code: 'repeated', message: 'two keys have this id', expected: 'an id of its own for each key' }];
  });
}

function breakerRules(file: unknown): TreeFault[] {
  const [, breaker] = limitKeys.breaker.unwrap().options;
  return namesIn(file, 'targets').flatMap((name): TreeFault[] => {
    const path: Path = ['targets', name, 'breaker'];
    const cooldown = read(breaker.shape.cooldown, valueAt(file, [...path, 'cooldown']));
    const max = read(breaker.shape.maxCooldown, valueAt(file, [...path, 'maxCooldown']));
    if (cooldown === undefined || max === undefined || cooldown <= max) return [];
    const message = 'the first wait for a probe is longer than the longest';
    return [{ path, code: 'contradiction', message, expected: 'cooldown (5s by default) at most maxCooldown (5m by default)' }];
  });
}

/** The names under `targets` or `routes`, as far as they can be read. */
export function namesIn(file: unknown, section: 'targets' | 'routes'): string[] {
  const map = valueAt(file, [section]);
  return typeof map === 'object' && map !== null && !Array.isArray(map) ? Object.keys(map) : [];
}

/** What concerns more than one value. Looks at every part that can be read, whatever is wrong with the others. */
export function ruleFaults(tree: Tree, files: NamedFiles): TreeFault[] {
  const file = tree.value;
  return [
    ...listenerRules(file),
    ...tokenRules(file),
    ...limitRules(file),
    ...encryptionRules(file),
    ...outgoingRules(file, namesIn(file, 'targets'), files),
    ...retryRules(file, namesIn(file, 'targets')),
    ...breakerRules(file),
    ...tlsRules(file, files),
    ...doorRules(file, namesIn(file, 'routes'), files),
    ...routeRules(tree, namesIn(file, 'targets'), namesIn(file, 'routes')),
  ];
}

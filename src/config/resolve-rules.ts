import type { EdgeRules } from './types.ts';

/** The keys of an entry of `deliver` that decide or change something at each attempt. */
interface WrittenRules {
  filter?: string | undefined;
  transform?: string | { body?: string | undefined; headers?: string | undefined } | undefined;
  headers?: { add: Readonly<Record<string, string>>; remove: readonly string[] } | undefined;
  path?: string | undefined;
}

/** @returns null when there are none, so that plain deliveries stay plain */
export function resolveRules({ filter, transform, headers, path }: WrittenRules): EdgeRules | null {
  const written = typeof transform === 'string' ? { body: transform } : (transform ?? {});
  const rules: EdgeRules = {
    filter: filter ?? null,
    transform: { body: written.body ?? null, headers: 'headers' in written ? (written.headers ?? null) : null },
    addHeaders: Object.entries(headers?.add ?? {}),
    removeHeaders: (headers?.remove ?? []).map((name) => name.toLowerCase()),
    path: path ?? '',
  };
  return changesNothing(rules) ? null : rules;
}

function changesNothing({ filter, transform, addHeaders, removeHeaders, path }: EdgeRules): boolean {
  const expressions = [filter, transform.body, transform.headers];
  return expressions.every((each) => each === null) && addHeaders.length + removeHeaders.length + path.length === 0;
}

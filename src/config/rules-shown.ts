import { hidden } from './shown-secret.ts';
import type { EdgeRules } from './types.ts';

/** The rules of an edge in the shape of the file. Values of headers are hidden: they may be credentials of the target. */
export function rulesShown({ filter, transform, addHeaders, removeHeaders, path }: EdgeRules): object {
  const { body, headers } = transform;
  const add = Object.fromEntries(addHeaders.map(([name, value]) => [name, hidden([value])]));
  const isPlain = body !== null && headers === null;
  const parts = { ...(body === null ? {} : { body }), ...(headers === null ? {} : { headers }) };
  return {
    ...(filter === null ? {} : { filter }),
    ...(body === null && headers === null ? {} : { transform: isPlain ? body : parts }),
    ...(addHeaders.length + removeHeaders.length === 0 ? {} : { headers: { add, remove: removeHeaders } }),
    ...(path === '' ? {} : { path }),
  };
}

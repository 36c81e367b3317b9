import { HookbayError } from '../domain/errors.ts';

/**
 * A place in a request that a value is read from. Header names are in lower case; a path's steps are split, and a step `*` stands
 * for the item that is being looked at. `sig` is a field inside the signature; `bearer` the token of the Authorization header.
 */
export type Source =
  | { in: 'header'; name: string }
  | { in: 'body'; path: readonly string[] }
  | { in: 'query'; name: string }
  | { in: 'form'; name: string }
  | { in: 'sig'; name: string }
  | { in: 'bearer' };

/** A source as it is written in presets and configuration, for example `header:x-id` or `body:data.0.id`. */
export type SourceText = `${'header' | 'body' | 'query' | 'form' | 'sig'}:${string}` | 'bearer';

/**
 * Reads the written form of a source. A name without a prefix is a header.
 * @throws HookbayError `bad_source`
 */
export function parseSource(text: string): Source {
  if (text === 'bearer') return { in: 'bearer' };
  const colon = text.indexOf(':');
  const place = colon < 0 ? 'header' : text.slice(0, colon);
  const name = text.slice(colon + 1);
  if (name !== '') {
    if (place === 'header') return { in: 'header', name: name.toLowerCase() };
    if (place === 'body') return { in: 'body', path: name.split('.') };
    if (place === 'query' || place === 'form' || place === 'sig') return { in: place, name };
  }
  throw new HookbayError({
    code: 'bad_source',
    status: 422,
    message: `'${text}' does not name a place in a request`,
    hint: 'write header:<name>, body:<path>, query:<name> or form:<name>, for example body:data.id',
  });
}

/**
 * Follows a path through parsed JSON over own properties only, so that `__proto__` and `constructor`
 * lead nowhere unless the body itself has them.
 * @param item what a step `*` stands for
 * @returns undefined when the path leads nowhere
 */
export function readPath(payload: unknown, path: readonly string[], item = 0): unknown {
  let value = payload;
  for (const written of path) {
    const step = written === '*' ? item : written;
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** How a source is called in explanations. */
export function sourceLabel(source: Source): string {
  switch (source.in) {
    case 'header':
      return `${source.name} header`;
    case 'body':
      return `'${source.path.join('.')}' in the body`;
    case 'query':
      return `'${source.name}' in the query`;
    case 'form':
      return `'${source.name}' in the form`;
    case 'sig':
      return `'${source.name}' in the signature`;
    case 'bearer':
      return 'bearer token in the authorization header';
    default:
      return source satisfies never;
  }
}

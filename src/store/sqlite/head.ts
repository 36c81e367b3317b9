import type { HeaderList } from '../../domain/event.ts';

/**
 * An event's head as it is stored and hashed: the request line's method and target, a line feed, and the
 * header list as JSON. One run of bytes, so that one hash covers all of it.
 */
export interface Head {
  method: string;
  path: string;
  query: string;
  headers: HeaderList;
}

export function renderHead(method: string, path: string, query: string, headers: HeaderList): string {
  return `${method} ${path}${query === '' ? '' : `?${query}`}\n${JSON.stringify(headers)}`;
}

/** Undoes {@link renderHead}. Call it only with bytes whose hash was checked. */
export function parseHead(bytes: Uint8Array): Head {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const lineEnd = text.indexOf('\n');
  const space = text.indexOf(' ');
  const target = text.slice(space + 1, lineEnd);
  const mark = target.indexOf('?');
  return {
    method: text.slice(0, space),
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    headers: JSON.parse(text.slice(lineEnd + 1)) as HeaderList,
  };
}

import { headerValue } from '../../domain/header-list.ts';
import type { EventContent } from '../../domain/leased-delivery.ts';

/** The largest body that expressions look into. */
export const LARGEST_BODY = 16 * 1024 * 1024;

/** What expressions see. */
export interface Scope {
  payload: unknown;
  headers: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
  event: { id: string; route: string; type: string | null; receivedAt: string; method: string; path: string };
}

/** @returns null for what is compressed or no JSON */
function payloadOf({ headers, body }: EventContent): unknown {
  const encoding = headerValue(headers, 'content-encoding');
  if (encoding !== null && encoding.trim().toLowerCase() !== 'identity') return null;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return null;
  }
}

function joined(fields: Iterable<readonly [string, string]>): Record<string, string> {
  const map: Record<string, string> = Object.create(null);
  for (const [name, value] of fields) map[name] = name in map ? `${map[name]}, ${value}` : value;
  return map;
}

/** Reads an event as expressions see it: names of headers in lower case, repeats joined by a comma. */
export function scopeOf(event: EventContent): Scope {
  const { id, route, type, receivedAt, method, path } = event;
  return {
    payload: payloadOf(event),
    headers: joined(event.headers.map(([name, value]) => [name.toLowerCase(), value] as const)),
    query: joined(new URLSearchParams(event.query)),
    event: { id, route, type, receivedAt: new Date(receivedAt).toISOString(), method, path },
  };
}

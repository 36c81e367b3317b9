import { CREDENTIAL_MARK } from '../domain/credential-mark.ts';
import type { HeaderList } from '../domain/event.ts';
import { handshakesOf } from '../providers/handshakes.ts';
import { filledSource, type Sender } from '../providers/sender.ts';
import { parseSource, type Source } from '../providers/source.ts';

/**
 * Where a request carries secrets: headers (lower case) and parameters of the query, which are not stored; and places in the
 * body, which is stored as it came but not kept with a refusal.
 */
export interface SecretPlaces {
  headers: readonly string[];
  query: readonly string[];
  body: readonly Extract<Source, { in: 'body' | 'form' }>[];
}

export const NO_SECRETS: SecretPlaces = { headers: [], query: [], body: [] };

/** The places of all credentials that a provider may send, also of those that the route has not configured. */
export function secretPlaces({ provider, credentials, params }: Sender): SecretPlaces {
  const headers = new Set<string>();
  const query = new Set<string>();
  const body: SecretPlaces['body'][number][] = [];
  for (const { scheme } of credentials) {
    if (scheme.kind === 'basic') headers.add('authorization');
    if (scheme.kind !== 'token') continue;
    const source = parseSource(filledSource(scheme.from, params));
    if (source.in === 'bearer') headers.add('authorization');
    else if (source.in === 'header') headers.add(source.name);
    else if (source.in === 'query') query.add(source.name);
    else if (source.in === 'body' || source.in === 'form') body.push(source);
  }
  // A secret that is handed over unsigned is a credential from then on.
  for (const { reply } of handshakesOf(provider)) {
    if (reply.kind !== 'learn') continue;
    const source = parseSource(reply.secret);
    if (source.in === 'header') headers.add(source.name);
    else if (source.in === 'body') body.push(source);
  }
  return { headers: [...headers], query: [...query], body };
}

/** Names and order stay; a list without secrets is handed on as it is. */
export function withoutSecrets(headers: HeaderList, names: readonly string[]): HeaderList {
  if (names.length === 0) return headers;
  return headers.map((field) => (isNamed(field[0], names) ? ([field[0], CREDENTIAL_MARK] as const) : field));
}

function isNamed(rawName: string, names: readonly string[]): boolean {
  for (const name of names) if (rawName.length === name.length && rawName.toLowerCase() === name) return true;
  return false;
}

const MARK_IN_QUERY = encodeURIComponent(CREDENTIAL_MARK);

/** The same for a query: its other parts stay as they are, byte for byte. */
export function queryWithoutSecrets(query: string, names: readonly string[]): string {
  if (names.length === 0 || query === '') return query;
  const parts = query.split('&').map((part) => {
    const name = [...new URLSearchParams(part).keys()][0];
    return name !== undefined && names.includes(name) ? `${encodeURIComponent(name)}=${MARK_IN_QUERY}` : part;
  });
  return parts.join('&');
}

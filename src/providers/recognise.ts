import type { HeaderList } from '../domain/event.ts';
import { PROVIDER_NAMES, presetOf } from './presets.ts';
import type { AuthScheme, KeyScheme, ProviderPreset } from './scheme.ts';
import type { Sender } from './sender.ts';

/** A header by which a request looks like one of a provider. */
export interface Lookalike {
  label: string;
  header: string;
}

/** Names in lower case that only their provider uses, as they have its name in them: `x-github-event`, `stripe-signature`. */
const TELLING: ReadonlyMap<string, string> = new Map(
  PROVIDER_NAMES.flatMap((name) => {
    const { label, auth, id, type } = presetOf(name);
    return [...headersOf({ auth, id, type })].filter((header) => header.includes(name)).map((header) => [header, label]);
  }),
);

/** The header names in the sources of a sender. */
function headersOf({ auth, id, type }: Pick<ProviderPreset, 'auth' | 'id' | 'type'>): Set<string> {
  const texts = [...auth.flatMap(sourcesOf), ...id.map(keyText), ...type].join(' ');
  return new Set([...texts.matchAll(/header:([a-z0-9_-]+)/g)].map(([, name]) => name ?? ''));
}

function sourcesOf(scheme: AuthScheme): string[] {
  switch (scheme.kind) {
    case 'token':
      return [scheme.from];
    case 'hmac':
    case 'pubkey':
      return [scheme.from, ...(scheme.also ?? []), scheme.message ?? '', scheme.timestamp?.from ?? ''];
    case 'basic':
    case 'sns':
      return [];
    default:
      return scheme satisfies never;
  }
}

function keyText(scheme: KeyScheme): string {
  return typeof scheme === 'string' ? scheme : scheme.template;
}

/**
 * Prepares telling whether a request looks like one of another provider than a route's.
 * @param sender whose own headers mean nothing; null for a route that has no sender
 */
export function lookalikes(
  sender: Pick<Sender, 'credentials' | 'id' | 'type'> | null,
): (headers: HeaderList) => Lookalike | null {
  const own = sender === null ? new Set<string>() : ownHeaders(sender);
  return (headers) => {
    for (const [rawName] of headers) {
      const header = rawName.toLowerCase();
      const label = own.has(header) ? undefined : TELLING.get(header);
      if (label !== undefined) return { label, header };
    }
    return null;
  };
}

function ownHeaders({ credentials, id, type }: Pick<Sender, 'credentials' | 'id' | 'type'>): Set<string> {
  const [first, ...more] = credentials.map(({ scheme }) => scheme);
  return first === undefined ? new Set() : headersOf({ auth: [first, ...more], id, type });
}

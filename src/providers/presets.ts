import type { SourceText } from './source.ts';

/** A shared secret that the provider sends along as it is. */
export interface TokenScheme {
  from: SourceText;
}

/** A keyed hash over a message made of the raw body and, mostly, a timestamp. */
export interface HmacScheme {
  from: SourceText;
  /** What stands before the signature in its field; a field without it is malformed. */
  prefix: string;
  /** Template of the signed message; placeholders `{timestamp}` and `{body}`. */
  message: string;
  algorithm: 'sha1' | 'sha256' | 'sha512';
  encoding: 'hex' | 'base64';
  /** Null when the provider sends none. It is only checked when the message covers it. */
  timestamp: { from: SourceText; unit: TimestampUnit; toleranceMs: number } | null;
}

/** `any`: seconds, milliseconds or ISO 8601, told apart by their looks. */
export type TimestampUnit = 's' | 'ms' | 'iso' | 'any';

/** One way to name an event for its duplicates. Placeholders are sources; all of them must be there. */
export interface KeyScheme {
  template: string;
  /** The rule is not for requests that have this. */
  unless?: SourceText;
}

/** Everything that is particular to a provider, as data. */
export interface ProviderPreset {
  token: TokenScheme | null;
  hmac: HmacScheme | null;
  /** The first that yields a key counts. */
  dedup: readonly KeyScheme[];
  /** The first that yields a string counts. */
  type: readonly SourceText[];
  sample: { dedupHeader: string; body: (now: Date) => object };
}

/**
 * One row a provider.
 *
 * KnowledgeSDK: token, dedup header and bodies are documented. Of the HMAC of `callbackUrl` posts the
 * vendor's prose says `raw_body + timestamp`, its sample signs `${timestamp}.${rawBody}`, and neither a
 * header nor a format is named for the timestamp: so routes can change template and source, and every
 * usual format is taken. A `callbackUrl` body `{jobId, status, result}` names no event, so its type is null.
 */
export const PRESETS = {
  knowledgesdk: {
    token: { from: 'header:x-knowledgesdk-webhook-token' },
    hmac: {
      from: 'header:x-knowledgesdk-signature',
      prefix: 'sha256=',
      message: '{timestamp}.{body}',
      algorithm: 'sha256',
      encoding: 'hex',
      timestamp: { from: 'header:x-knowledgesdk-timestamp', unit: 'any', toleranceMs: 300_000 },
    },
    dedup: [{ template: '{header:x-knowledgesdk-dedup-key}' }, { template: '{body:jobId}:{body:status}', unless: 'body:event' }],
    type: ['body:event'],
    sample: {
      dedupHeader: 'x-knowledgesdk-dedup-key',
      body: (now) => ({
        event: 'TESTING_CONNECTION',
        payload: { message: 'Test webhook from KnowledgeSDK' },
        timestamp: now.toISOString(),
        version: 1,
      }),
    },
  },
} as const satisfies Record<string, ProviderPreset>;

export type ProviderName = keyof typeof PRESETS;

/** The preset of a provider, without the narrow literal types of the table. */
export function presetOf(provider: ProviderName): ProviderPreset {
  return PRESETS[provider];
}

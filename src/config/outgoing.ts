import type { HeaderChanges } from './header-rules.ts';

/** How attempts on a target go out, beside their URL. Holds secrets: never show it, see outgoing-shown.ts. */
export interface OutgoingConfig {
  auth: AuthConfig | null;
  headers: HeaderChanges | null;
  tls: TargetTlsConfig | null;
  /** URL of an HTTP proxy, perhaps with credentials; null for the direct way. */
  proxy: string | null;
  http2: boolean;
}

export type AuthConfig = { kind: 'bearer'; token: string } | { kind: 'basic'; username: string; password: string };

/** Absolute paths of PEM files; null where the file says nothing. */
export interface TargetTlsConfig {
  /** The only authorities that are trusted, in place of the public ones. */
  caFile: string | null;
  /** Shown when the target asks for a client certificate. */
  client: { certFile: string; keyFile: string } | null;
  /** The host name that the target's certificate must have, in place of the URL's. */
  serverName: string | null;
}

/** Nothing but the URL. */
export const PLAIN_OUTGOING: OutgoingConfig = { auth: null, headers: null, tls: null, proxy: null, http2: false };

/** `Basic` credentials (RFC 7617), in UTF-8. */
export function basicCredentials(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
}

/** The `Basic` credentials of a URL, or null. */
export function urlCredentials({ username, password }: URL): string | null {
  if (username === '' && password === '') return null;
  return basicCredentials(percentDecoded(username), percentDecoded(password));
}

/** Percent-decodes; a `%` that begins no escape stands for itself. */
function percentDecoded(part: string): string {
  return part.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'));
}

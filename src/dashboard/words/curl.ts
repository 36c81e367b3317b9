import type { Route, ShownConfig } from '../api/types.ts';

/** Where senders reach the relay, as well as its configuration tells. */
export function publicAddress({ publicUrl, listen, tls }: ShownConfig): string {
  if (publicUrl !== null) return publicUrl.replace(/\/$/, '');
  return `${tls === null ? 'http' : 'https'}://${listen.replace(/^(0\.0\.0\.0|\[::\]|::)(?=:\d+$)/, '127.0.0.1')}`;
}

const BODY = '{"event":"TESTING_CONNECTION","payload":{"message":"Hello"}}';

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

type Sent = Pick<Route, 'path' | 'methods' | 'provider'>;

/** A line for any POSIX shell, with a fresh dedup key each time that it is run. Secrets are not known here. */
export function curlLine(route: Sent, base: string): string {
  const method = route.methods.includes('POST') ? [] : [`-X ${route.methods[0] ?? 'POST'}`];
  const proof =
    route.provider === 'knowledgesdk'
      ? ['-H "x-knowledgesdk-webhook-token: $TOKEN"', '-H "x-knowledgesdk-dedup-key: msg_$(date +%s%N)_$$"']
      : [];
  const parts = [`curl ${quoted(base + route.path)}`, ...method, "-H 'content-type: application/json'", ...proof];
  return [...parts, `-d ${quoted(BODY)}`].join(' \\\n  ');
}

/** Whether the line needs the route's token in `$TOKEN`. */
export const needsToken = (route: Sent): boolean => route.provider === 'knowledgesdk';

/** Whether curl alone can send what the route takes: others want a signature over the body. */
export const takesCurl = (route: Sent): boolean => route.provider === 'none' || needsToken(route);

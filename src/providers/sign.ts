import { randomUUID } from 'node:crypto';
import { HookbayError } from '../domain/errors.ts';
import { hmacDigest } from './hmac.ts';
import { type HmacScheme, type ProviderName, presetOf } from './presets.ts';
import { parseSource, readPath, type Source } from './source.ts';
import { parseMessage } from './template.ts';

/** What a sender signs with: the first of each list. Template and timestamp as the route configures them. */
export interface SigningCredentials {
  tokens?: readonly string[];
  hmacSecrets?: readonly string[];
  hmacTemplate?: string;
  hmacTimestamp?: string;
}

function headerName(source: Source): string {
  if (source.in === 'header') return source.name;
  throw new HookbayError({ code: 'cannot_sign', status: 422, message: 'only credentials in headers can be sent' });
}

function hmacHeaders(scheme: HmacScheme, secret: string, credentials: SigningCredentials, body: Buffer, now: number) {
  const headers: Record<string, string> = {};
  let timestamp = String(Math.floor(now / 1000));
  const from = credentials.hmacTimestamp ?? scheme.timestamp?.from;
  const source = from === undefined ? null : parseSource(from);
  if (source?.in === 'body') timestamp = String(readPath(JSON.parse(body.toString()), source.path));
  else if (source !== null) headers[headerName(source)] = timestamp;
  const message = parseMessage(credentials.hmacTemplate ?? scheme.message);
  const digest = hmacDigest(scheme.algorithm, secret, message, body, timestamp);
  headers[headerName(parseSource(scheme.from))] = scheme.prefix + digest.toString(scheme.encoding);
  return headers;
}

/**
 * The headers with which the provider itself would prove that it sent this body.
 * @param now wall time in ms; signatures carry it in seconds
 * @throws HookbayError `cannot_sign` when a credential does not go into a header, `bad_template`, `bad_source`
 */
export function signRequest(
  provider: ProviderName,
  credentials: SigningCredentials,
  body: Buffer,
  now: number,
): Record<string, string> {
  const { token, hmac } = presetOf(provider);
  const headers: Record<string, string> = {};
  const [firstToken] = credentials.tokens ?? [];
  const [firstSecret] = credentials.hmacSecrets ?? [];
  if (token !== null && firstToken !== undefined) headers[headerName(parseSource(token.from))] = firstToken;
  if (hmac !== null && firstSecret !== undefined) Object.assign(headers, hmacHeaders(hmac, firstSecret, credentials, body, now));
  return headers;
}

/** A test event as the provider sends it, under a key that no other event has. Sign `body` with {@link signRequest}. */
export function sampleEvent(provider: ProviderName, now: number): { headers: Record<string, string>; body: Buffer } {
  const { sample } = presetOf(provider);
  return {
    headers: { 'content-type': 'application/json', [sample.dedupHeader]: `msg_${randomUUID()}` },
    body: Buffer.from(JSON.stringify(sample.body(new Date(now)))),
  };
}

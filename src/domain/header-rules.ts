/** RFC 9110 section 5.1. */
export const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;

/** Visible ASCII and spaces, not at the ends (RFC 9110 section 5.5, without what is obsolete). */
const VALUE = /^(?:[\x21-\x7e](?:[\x20-\x7e]{0,4094}[\x21-\x7e])?)?$/;

/** Written by the connection itself, or about one connection only (RFC 9110 section 7.6.1). In lower case. */
export const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  ...['host', 'content-length', 'connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'],
  ...['http2-settings', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization'],
]);

/** `cookie` belongs to the sender's session with us; the relay says the others itself. In lower case. */
export const REPLACED_HEADERS: ReadonlySet<string> = new Set([
  'cookie',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
]);

/** The relay continues these for every attempt. */
const CONTINUED = new Set(['via', 'traceparent', 'tracestate']);

/** By these a target checks what the relay signed (Standard Webhooks). In lower case. */
export const SIGNATURE_HEADERS: ReadonlySet<string> = new Set(['webhook-id', 'webhook-timestamp', 'webhook-signature']);

/** Names that only the relay uses. */
export const OWN_HEADER_PREFIX = 'hookbay-';

export function isHeaderName(name: string): boolean {
  return HEADER_NAME.test(name);
}

export function isHeaderValue(value: string): boolean {
  return VALUE.test(value);
}

/** Whether a header that the sender sent can reach the target at all, so that it can be taken out. @param name in any case */
export function isPassedOn(name: string): boolean {
  const lower = name.toLowerCase();
  const isDropped = CONNECTION_HEADERS.has(lower) || REPLACED_HEADERS.has(lower) || CONTINUED.has(lower);
  return !isDropped && !lower.startsWith(OWN_HEADER_PREFIX);
}

/**
 * Whether a header may be set by a rule: not those of the connection, nor those that say what the relay knows. A
 * signature that somebody wrote by hand would be taken for ours.
 */
export function isSettable(name: string): boolean {
  return isPassedOn(name) && !SIGNATURE_HEADERS.has(name.toLowerCase());
}

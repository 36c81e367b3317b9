/** RFC 9110 section 5.1. */
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;

/** Visible ASCII and spaces, not at the ends (RFC 9110 section 5.5, without what is obsolete). */
const VALUE = /^(?:[\x21-\x7e](?:[\x20-\x7e]{0,4094}[\x21-\x7e])?)?$/;

/** They concern one connection (RFC 9110 section 7.6.1), or the relay writes them for every attempt. */
const NOT_PASSED_ON = new Set([
  ...[
    'connection',
    'proxy-connection',
    'keep-alive',
    'te',
    'transfer-encoding',
    'upgrade',
    'http2-settings',
    'trailer',
    'expect',
  ],
  ...['proxy-authenticate', 'proxy-authorization', 'cookie', 'content-length', 'host', 'via', 'traceparent', 'tracestate'],
  ...['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host'],
]);

/** A signature that somebody wrote by hand would be taken for ours. */
const SIGNATURE = new Set(['webhook-id', 'webhook-timestamp', 'webhook-signature']);

const OWN_PREFIX = 'hookbay-';

export function isHeaderName(name: string): boolean {
  return NAME.test(name);
}

export function isHeaderValue(value: string): boolean {
  return VALUE.test(value);
}

/** Whether a header that the sender sent can reach the target at all, so that it can be taken out. @param name in any case */
export function isPassedOn(name: string): boolean {
  const lower = name.toLowerCase();
  return !NOT_PASSED_ON.has(lower) && !lower.startsWith(OWN_PREFIX);
}

/** Whether a header may be set by a rule: not those of the connection, nor those that say what the relay knows. */
export function isSettable(name: string): boolean {
  return isPassedOn(name) && !SIGNATURE.has(name.toLowerCase());
}

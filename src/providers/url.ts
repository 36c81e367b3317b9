import type { RequestParts } from './readable.ts';
import type { UrlSpelling } from './scheme.ts';

/** The spellings of a request's public address that its provider may have signed, the likeliest first. */
export type UrlRule = (request: Pick<RequestParts, 'path' | 'query'>) => readonly string[];

/** @param publicUrl scheme and host under which senders reach us, without a trailing slash; never taken from the request */
export function urlRule(publicUrl: string, spelling: UrlSpelling | undefined): UrlRule {
  const bases = spelling === 'with-and-without-port' ? portSpellings(publicUrl) : [publicUrl];
  return ({ path, query }) => {
    const rest = query === '' ? path : `${path}?${query}`;
    const urls = bases.map((base) => base + rest);
    return spelling === 'some-escapes-decoded' ? [...new Set([decodeSome(urls[0] ?? ''), ...urls])] : urls;
  };
}

/** Twilio's own library tries both (validateRequest in twilio-node). */
function portSpellings(url: string): string[] {
  const parts = /^(https?:\/\/)(\[[^\]]*\]|[^:/]*)(:\d+)?(.*)$/i.exec(url);
  if (parts === null) return [url];
  const [, scheme = '', host = '', port, rest = ''] = parts;
  const standard = scheme.toLowerCase() === 'https://' ? ':443' : ':80';
  return port === undefined ? [url, scheme + host + standard + rest] : [url, scheme + host + rest];
}

/** The escapes that HubSpot decodes (https://developers.hubspot.com/docs/api/webhooks/validating-requests). */
const DECODED = /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi;

function decodeSome(url: string): string {
  return url.replace(DECODED, (written) => decodeURIComponent(written));
}

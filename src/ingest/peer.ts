import { BlockList, isIP } from 'node:net';
import { HookbayError } from '../domain/errors.ts';

/** The proxies whose X-Forwarded-For counts. */
export type TrustedProxies = BlockList | null;

/**
 * @param ranges addresses or CIDR ranges
 * @throws HookbayError `bad_trusted_proxy`
 */
export function trustedProxies(ranges: readonly string[]): TrustedProxies {
  if (ranges.length === 0) return null;
  const list = new BlockList();
  for (const range of ranges) {
    const slash = range.indexOf('/');
    const address = slash < 0 ? range : range.slice(0, slash);
    const version = isIP(address);
    const longest = version === 4 ? 32 : 128;
    const bits = slash < 0 ? String(longest) : range.slice(slash + 1);
    if (version === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > longest) {
      throw new HookbayError({
        code: 'bad_trusted_proxy',
        status: 422,
        message: `trusted proxy '${range}' is not an address or a range`,
        hint: 'for example 10.0.0.0/8',
      });
    }
    list.addSubnet(address, Number(bits), version === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/**
 * Who sent the request: the right-most address that is not a trusted proxy. Whatever stands left of it
 * was written by somebody who is not trusted. Something that is no address ends the search at the proxy before it.
 * @param forwardedFor all X-Forwarded-For fields joined by commas, or null
 */
export function peerAddress(remote: string | undefined, forwardedFor: string | null, trusted: TrustedProxies): string {
  let peer = plainAddress(remote ?? '');
  if (trusted === null || forwardedFor === null) return peer;
  const hops = forwardedFor.split(',');
  for (let i = hops.length - 1; i >= 0 && isTrusted(peer, trusted); i -= 1) {
    const hop = plainAddress(withoutPort((hops[i] ?? '').trim()));
    if (isIP(hop) === 0) break;
    peer = hop;
  }
  return peer;
}

function isTrusted(address: string, trusted: BlockList): boolean {
  const version = isIP(address);
  return version !== 0 && trusted.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/** A dual-stack socket shows IPv4 peers as `::ffff:192.0.2.1`. */
function plainAddress(address: string): string {
  const mapped = address.length > 7 && address.slice(0, 7).toLowerCase() === '::ffff:' ? address.slice(7) : '';
  return isIP(mapped) === 4 ? mapped : address;
}

/** Some proxies write `192.0.2.1:4711` or `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  if (hop.startsWith('[')) return hop.slice(1, Math.max(hop.indexOf(']'), 1));
  const colon = hop.indexOf(':');
  return colon > 0 && colon === hop.lastIndexOf(':') ? hop.slice(0, colon) : hop;
}

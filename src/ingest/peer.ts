import { isIP } from 'node:net';
import { type AddressList, addressList, isListed } from './address-list.ts';

/** The proxies whose X-Forwarded-For and X-Forwarded-Proto count. */
export type TrustedProxies = AddressList | null;

/**
 * @param ranges addresses or CIDR ranges
 * @throws HookbayError `bad_trusted_proxy`
 */
export function trustedProxies(ranges: readonly string[]): TrustedProxies {
  return ranges.length === 0 ? null : addressList(ranges, 'bad_trusted_proxy');
}

/** What a request says about the proxies that it came through: all fields of each name joined by commas, or null. */
export interface Forwarded {
  forwardedFor: string | null;
  forwardedProto: string | null;
}

/**
 * Who sent the request: the right-most address that is not a trusted proxy. Whatever stands left of it
 * was written by somebody who is not trusted. Something that is no address ends the search at the proxy before it.
 */
export function peerAddress(remote: string | undefined, forwardedFor: string | null, trusted: TrustedProxies): string {
  return walk(remote, forwardedFor, trusted).peer;
}

/**
 * Whether the sender's own connection was over TLS, as the trusted proxy that took it says. Proxies mostly write one value
 * over what was there; where each adds its own, the one that stands where the sender's address stands counts.
 */
export function isForwardedHttps(remote: string | undefined, forwarded: Forwarded, trusted: TrustedProxies): boolean {
  const { forwardedFor, forwardedProto } = forwarded;
  if (trusted === null || forwardedProto === null || !isListed(plainAddress(remote ?? ''), trusted)) return false;
  const protos = forwardedProto.split(',');
  const { proxies } = walk(remote, forwardedFor, trusted);
  const proto = protos[Math.max(protos.length - Math.max(proxies, 1), 0)] ?? '';
  return proto.trim().toLowerCase() === 'https';
}

/** @returns the sender, and how many addresses it took to find it, each written by a trusted proxy */
function walk(
  remote: string | undefined,
  forwardedFor: string | null,
  trusted: TrustedProxies,
): { peer: string; proxies: number } {
  let peer = plainAddress(remote ?? '');
  if (trusted === null || forwardedFor === null) return { peer, proxies: 0 };
  const hops = forwardedFor.split(',');
  let proxies = 0;
  for (let i = hops.length - 1; i >= 0 && isListed(peer, trusted); i -= 1) {
    const hop = plainAddress(withoutPort((hops[i] ?? '').trim()));
    if (isIP(hop) === 0) break;
    peer = hop;
    proxies += 1;
  }
  return { peer, proxies };
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

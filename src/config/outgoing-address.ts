import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/**
 * Which addresses may be called when a URL is given at run time, by a sender or by whoever may use the API: only public ones, so
 * that nobody reaches through the relay what lies behind it. Sources: the IANA registries of special-purpose addresses.
 */
const CLOSED_V4: readonly (readonly [network: string, prefix: number])[] = [
  ['0.0.0.0', 8], // this host
  ['10.0.0.0', 8], // private
  ['100.64.0.0', 10], // CGNAT
  ['127.0.0.0', 8], // loopback
  ['169.254.0.0', 16], // link-local, and the metadata services of clouds
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // protocol assignments
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16], // private
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
];

/** Of IPv6 only global unicast is open, which leaves out loopback, NAT64 (64:ff9b::), unique local, link-local and multicast. */
const OPEN_V6: readonly [string, number] = ['2000::', 3];
const CLOSED_V6: readonly (readonly [network: string, prefix: number])[] = [
  ['2001::', 23], // protocol assignments: Teredo, ORCHID
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4: holds an IPv4 address
  ['3fff::', 20], // documentation
];

function listOf(ranges: readonly (readonly [string, number])[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family);
  return list;
}

const closedV4 = listOf(CLOSED_V4, 'ipv4');
const openV6 = listOf([OPEN_V6], 'ipv6');
const closedV6 = listOf(CLOSED_V6, 'ipv6');
const mappedV4 = listOf([['::ffff:0:0', 96]], 'ipv6');

/** Judges addresses; takes what is no address for closed. */
export type AddressGuard = (address: string) => boolean;

/**
 * @param allow addresses or CIDR ranges that are open although they are not public, as the configuration has them
 * @returns whether an address (no name, no brackets) may be called
 */
export function outgoingAddressGuard(allow: readonly string[]): AddressGuard {
  const allowed = new BlockList();
  for (const range of allow) {
    const [network = '', prefix] = range.split('/');
    const family = isIP(network) === 4 ? 'ipv4' : 'ipv6';
    allowed.addSubnet(network, prefix === undefined ? (family === 'ipv4' ? 32 : 128) : Number(prefix), family);
  }
  return (address) => {
    const version = isIP(address);
    // A zone says over which interface: only link-local addresses need one.
    if (version === 0 || address.includes('%')) return false;
    if (version === 4) return allowed.check(address, 'ipv4') || !closedV4.check(address, 'ipv4');
    if (allowed.check(address, 'ipv6')) return true;
    // A list of IPv4 ranges is asked for the address that a mapped one holds.
    if (mappedV4.check(address, 'ipv6')) return !closedV4.check(address, 'ipv6');
    return openV6.check(address, 'ipv6') && !closedV6.check(address, 'ipv6');
  };
}

/** Whether an address is one of the internet. What is no address at all is not. */
export const isPublicAddress: AddressGuard = outgoingAddressGuard([]);

/** A name, or an address that is written out, leads to where no call may go; asking again does not change that. */
export class ClosedAddress extends Error {
  readonly code = 'address_closed';

  constructor(host: string) {
    super(`${host} has no address that may be asked`);
    this.name = 'ClosedAddress';
  }
}

/**
 * A name may resolve to anything, so what it resolves to is checked, and only that is connected to: a name that is bound anew
 * between check and connection gains nothing.
 * @param resolve the system's resolver, unless a test has one of its own
 */
export function lookupOf(isAllowed: AddressGuard, resolve: typeof lookup = lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const [first, ...more] = error === null ? addresses.filter(({ address }) => isAllowed(address)) : [];
      if (first === undefined) callback(error ?? new ClosedAddress(hostname), '', 0);
      else if (options.all) callback(null, [first, ...more]);
      else callback(null, first.address, first.family);
    });
  };
}

export type OutgoingUrlFault = 'not_http' | 'credentials' | 'closed_address';

/**
 * What is wrong with a URL that was given at run time, as far as it can be told without resolving its name. The URL parser has
 * brought every spelling of an IPv4 address (hexadecimal, octal, one number, full-width digits) into its usual one.
 */
export function outgoingUrlFault(url: URL, guard: AddressGuard): OutgoingUrlFault | null {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'not_http';
  if (url.username !== '' || url.password !== '') return 'credentials';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(host) !== 0 && !guard(host) ? 'closed_address' : null;
}

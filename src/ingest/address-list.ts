import { BlockList, isIP } from 'node:net';
import { HookbayError } from '../domain/errors.ts';

/** Addresses and ranges, prepared. An IPv4 address matches whether or not it is written as IPv6 (`::ffff:192.0.2.1`), in ranges too. */
export type AddressList = BlockList;

/**
 * @param ranges addresses or CIDR ranges
 * @param code of the error for one that is neither
 * @throws HookbayError
 */
export function addressList(ranges: readonly string[], code: string): AddressList {
  const list = new BlockList();
  for (const range of ranges) {
    const slash = range.indexOf('/');
    const address = slash < 0 ? range : range.slice(0, slash);
    const version = isIP(address);
    const longest = version === 4 ? 32 : 128;
    const bits = slash < 0 ? String(longest) : range.slice(slash + 1);
    if (version === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > longest) {
      throw new HookbayError({
        code,
        status: 422,
        message: `'${range}' is not an address or a range`,
        hint: 'for example 10.0.0.0/8',
      });
    }
    list.addSubnet(address, Number(bits), version === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** What is no address is in no list. */
export function isListed(address: string, list: AddressList): boolean {
  const version = isIP(address);
  return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

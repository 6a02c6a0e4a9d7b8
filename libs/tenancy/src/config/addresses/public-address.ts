import { BlockList, isIP } from 'node:net';
import { TenancyOptionsError } from '../../tenancy.errors.js';

// The IANA registries of special-purpose addresses: what is not globally reachable, or leads somewhere else than it says.
const NOT_PUBLIC = [
  '0.0.0.0/8', // this network, and unspecified
  '10.0.0.0/8',
  '100.64.0.0/10', // between a provider and its customers (CGNAT)
  '127.0.0.0/8',
  '169.254.0.0/16', // link-local, and where clouds answer with credentials
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24', // relays of 6to4
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
  '2001::/23', // Teredo, ORCHID, benchmarks and other protocols
  '2001:db8::/32',
  '2002::/16', // 6to4: an IPv4 address in disguise
  '3fff::/20',
];
// Public by its number alone: where Azure answers its machines with their names and their configuration.
// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
const WIRE_SERVER = '168.63.129.16';
// All of IPv6 that is given out. Outside lie ::1, ::, link-local, unique local, multicast, NAT64 and mapped IPv4 addresses.
const GIVEN_OUT = '2000::/3';

const notPublic = rangesOf([...NOT_PUBLIC, WIRE_SERVER]);
const givenOut = rangesOf([GIVEN_OUT]);

/** Whether an address is one of the public internet, and says itself where it leads. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !notPublic.check(address, 'ipv4');
  return isWithin(givenOut, address) && !isWithin(notPublic, address);
}

/** Whether an address lies in one of the ranges. One with a zone, `fe80::1%eth0`, lies in none. */
export function isWithin(ranges: BlockList, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && !address.includes('%') && ranges.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/** Ranges such as `10.1.0.0/16`, or addresses. Throws `TenancyOptionsError`. */
export function rangesOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [, address = '', bits] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(range) ?? [];
    const version = isIP(address);
    const most = version === 4 ? 32 : 128;
    const prefix = bits === undefined ? most : Number(bits);
    if (version === 0 || prefix > most) {
      throw new TenancyOptionsError(
        `${JSON.stringify(range)} is no range of addresses such as 10.1.0.0/16 or fd00::/8.`,
      );
    }
    list.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

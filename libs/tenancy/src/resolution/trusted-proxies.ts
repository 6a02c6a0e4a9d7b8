import { BlockList, isIP } from 'node:net';
import { TenancyOptionsError } from '../tenancy.errors.js';

/** Which addresses are those of the application's own proxies. */
export class TrustedProxies {
  private readonly list = new BlockList();

  /** Throws `TenancyOptionsError` for what is neither an address nor a range, and for a range that is everybody. */
  constructor(proxies: readonly string[]) {
    for (const proxy of proxies) this.add(proxy);
  }

  /** @param address as a socket has it: IPv4, IPv6, or IPv4 within IPv6 */
  includes(address: string | undefined): boolean {
    // A link-local address has its interface after a percent sign.
    const plain = address?.split('%')[0] ?? '';
    const family = isIP(plain);
    return family !== 0 && this.list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }

  private add(proxy: string): void {
    const [, address, bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(proxy) ?? [];
    const family = isIP(address ?? '');
    const most = family === 4 ? 32 : 128;
    if (family === 0 || Number(bits ?? most) > most) {
      throw new TenancyOptionsError(
        `trustedHints.proxies: ${JSON.stringify(proxy)} is neither an IP address nor a range such as 10.1.0.0/16.`,
      );
    }
    const length = Number(bits ?? most);
    if (isTooWide(address, family, length)) {
      throw new TenancyOptionsError(
        `trustedHints.proxies: ${JSON.stringify(proxy)} is everybody, or much of it. Name the proxies, or a network of your ` +
          'own: 10.0.0.0/8 and fc00::/7 are the widest.',
      );
    }
    this.list.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
  }
}

/** IPv4 within IPv6, as a socket that hears both has it: a list that holds this holds all of IPv4. */
const MAPPED = '::ffff:0:0';
const mapped = rangeOf(MAPPED, 96);

function isTooWide(address: string, family: number, length: number): boolean {
  if (family === 4) return length < 8;
  if (mapped.check(address, 'ipv6')) return length < 96 + 8;
  return length < 7 || rangeOf(address, length).check(MAPPED, 'ipv6');
}

function rangeOf(address: string, length: number): BlockList {
  const range = new BlockList();
  range.addSubnet(address, length, 'ipv6');
  return range;
}

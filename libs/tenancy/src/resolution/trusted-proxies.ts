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
    if (bits !== undefined && Number(bits) === 0) {
      throw new TenancyOptionsError(`trustedHints.proxies: ${JSON.stringify(proxy)} is everybody. Name the proxies.`);
    }
    this.list.addSubnet(address, Number(bits ?? most), family === 4 ? 'ipv4' : 'ipv6');
  }
}

import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns/promises';

/** Finds the addresses of a host name. */
export type AddressLookup = (host: string) => Promise<readonly LookupAddress[]>;

/**
 * Asks the name servers themselves, over sockets. Not `dns.lookup`: that takes one of the few threads that files and the
 * look-ups of our own hosts need too, and a name whose server is silent keeps it for longer than anybody waits.
 *
 * @param timeout how long a look-up is waited for, in milliseconds.
 * @param servers addresses of name servers, such as `127.0.0.1:5353`; the system's where they are absent.
 */
export function askNameServers(timeout: number, servers?: readonly string[]): AddressLookup {
  const open = (): Resolver => {
    const resolver = new Resolver({ timeout: Math.max(1, Math.ceil(timeout / 4)), tries: 2 });
    if (servers) resolver.setServers(servers);
    return resolver;
  };
  // What is no address of a server is refused at the start, and not with each look-up.
  open();
  return async (host) => {
    // Nobody's to give out (RFC 6761); and what ends in a number is an address in a spelling that no name server knows.
    if (/^(?:.+\.)?localhost$/i.test(host)) return [{ address: '127.0.0.1', family: 4 }];
    if (/(?:^|\.)(?:\d+|0x[\da-f]*)$/i.test(host)) return [];
    // One for each look-up: it is given up alone.
    const resolver = open();
    const timer = setTimeout(() => resolver.cancel(), timeout);
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    clearTimeout(timer);
    // Servers that say nothing of one of the versions are not unheard of: the addresses of the other are the host's.
    if (answers.every(({ status }) => status === 'rejected')) throw (answers[0] as PromiseRejectedResult).reason;
    return answers.flatMap((answer, version) =>
      answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family: version ? 6 : 4 })) : [],
    );
  };
}

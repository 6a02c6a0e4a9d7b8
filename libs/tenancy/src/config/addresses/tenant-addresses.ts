import type { BlockList, Socket } from 'node:net';
import { isIP } from 'node:net';
import { TenantAddressError } from '../../tenancy.errors.js';
import { withDeadline } from '../../tenants/deadline.js';
import type { AddressLookup } from './name-servers.js';
import { askNameServers } from './name-servers.js';
import { openSocket, secureSocket } from './open-socket.js';
import { isPublicAddress, isWithin, rangesOf } from './public-address.js';
import type { TenantHttpAnswer, TenantHttpRequest } from './send-request.js';
import { checkedRequest, sendRequest } from './send-request.js';

/** How `TenantAddresses` connects. */
export interface TenantAddressesOptions {
  /** Ranges that may be connected to though they are not public, such as `10.1.0.0/16`. @defaultValue `[]` */
  readonly allow?: readonly string[];
  /** How long a connection, or a request with its answer, may take, in milliseconds. @defaultValue `10_000` */
  readonly timeout?: number;
  /** A certificate authority, as PEM, that is trusted beside the public ones. */
  readonly ca?: string;
  /** How many bytes of an answer are read; a larger one is an error. @defaultValue `65_536` */
  readonly maxBodyBytes?: number;
  /**
   * The name servers that are asked, such as `['10.1.0.53']`. They are asked directly, for the name as it is: `/etc/hosts` is
   * not read, and no domain of a search list is appended. @defaultValue the system's
   */
  readonly nameServers?: readonly string[];
  /** Finds the addresses of a host name instead of the name servers. */
  readonly lookup?: AddressLookup;
}

/** Where a tenant's server is. */
export interface TenantServerAddress {
  readonly host: string;
  readonly port: number;
  /** Whether the connection begins with TLS. @defaultValue `false` */
  readonly tls?: boolean;
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?)*$/i;

/**
 * Connects to servers that a tenant has named (its mail server, its webhook) and to nothing of our own: a name is resolved
 * once, all its addresses must be public or allowed, and the connection is made to one of exactly these. What TLS verifies
 * is the name. Whatever fails is a `TenantAddressError`, which tells neither addresses nor what the server said.
 *
 * @example const { status } = await addresses.request('https://hooks.acme.example/sent', { method: 'POST', body })
 */
export class TenantAddresses {
  private readonly allowed: BlockList;
  private readonly timeout: number;
  private readonly find: AddressLookup;

  constructor(private readonly options: TenantAddressesOptions = {}) {
    this.allowed = rangesOf(options.allow ?? []);
    this.timeout = options.timeout ?? 10_000;
    // Half of the time: a name that is answered late leaves some to connect.
    this.find = options.lookup ?? askNameServers(this.timeout / 2, options.nameServers);
  }

  /** The addresses of a host, all of which may be connected to. */
  async resolve(host: string): Promise<readonly string[]> {
    const addresses = await this.lookUp(host).catch(() => []);
    // One answer for a name that is not there, and one that leads inside: which of them it is, is not for a tenant to learn.
    if (addresses.length === 0 || !addresses.every((address) => this.mayConnect(address))) {
      throw new TenantAddressError(host, 'ADDRESS_REFUSED');
    }
    return addresses;
  }

  /** An open connection, over TLS where that is asked for. Whoever gets it closes it. */
  async connect(server: TenantServerAddress): Promise<Socket> {
    return this.open(server, AbortSignal.timeout(this.timeout));
  }

  /** One request over a connection of its own. Redirects are not followed: they are an answer like any other. */
  async request(url: string, request: TenantHttpRequest = {}): Promise<TenantHttpAnswer> {
    const { target, server } = checkedRequest(url, request);
    const signal = AbortSignal.timeout(this.timeout);
    const socket = await this.open(server, signal);
    try {
      return await sendRequest(socket, target, request, { signal, maxBodyBytes: this.options.maxBodyBytes ?? 65_536 });
    } catch (error) {
      throw failure(server.host, error);
    } finally {
      socket.destroy();
    }
  }

  private async open({ host, port, tls = false }: TenantServerAddress, signal: AbortSignal): Promise<Socket> {
    const addresses = await this.resolve(host);
    const end = performance.now() + this.timeout;
    let reason: unknown;
    for (const [i, address] of addresses.entries()) {
      // A share of what is left for each: one that says nothing must leave time for the others.
      const share = Math.max(1, Math.ceil((end - performance.now()) / (addresses.length - i)));
      const turn = AbortSignal.any([signal, AbortSignal.timeout(share)]);
      let socket: Socket | undefined;
      try {
        socket = await openSocket(address, port, turn);
        return tls ? await secureSocket(socket, host, this.options.ca, turn) : socket;
      } catch (error) {
        socket?.destroy();
        reason = error;
      }
    }
    throw failure(host, reason);
  }

  private async lookUp(host: string): Promise<readonly string[]> {
    if (isIP(host)) return [host];
    if (typeof host !== 'string' || !HOST_NAME.test(host)) return [];
    const found = await withDeadline(this.find(host), this.timeout, 'The resolver');
    return found.map(({ address }) => address);
  }

  private mayConnect(address: string): boolean {
    return isPublicAddress(address) || isWithin(this.allowed, address);
  }
}

/** With Node's own code for it alone: texts, certificates and addresses are the upstream's. */
function failure(host: string, error: unknown): TenantAddressError {
  const { code } = (error ?? {}) as { code?: unknown };
  return new TenantAddressError(host, typeof code === 'string' && /^[A-Z0-9_]{1,50}$/.test(code) ? code : 'FAILED');
}

import { InvalidTenantIdError } from '../tenancy.errors.js';
import { canonicalHost } from '../tenants/canonical-host.js';

/** What a resolver may read of a request. Express's request, Fastify's raw one and Node's own all have this shape. */
export interface TenantRequest {
  /** Path and query, as Node received them. Frameworks that rewrite it keep the original in `originalUrl`. */
  readonly url?: string;
  readonly originalUrl?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Names and values in turn, with duplicates: Node joins or drops those in `headers`. */
  readonly rawHeaders?: readonly string[];
  /** Node's own request, where a framework's is around it, as Fastify's is. */
  readonly raw?: {
    readonly rawHeaders?: readonly string[];
    readonly user?: unknown;
    readonly socket?: { readonly remoteAddress?: string };
  };
  /** The connection. */
  readonly socket?: { readonly remoteAddress?: string };
  /** What the application's authentication left there. */
  readonly user?: unknown;
}

const SENT_ONCE = 'The header is sent once, with one value.';

/** A header's value. A header that is sent more than once is refused: it would be two answers in one. */
export function headerOf(request: TenantRequest, name: string): string | undefined {
  const lower = lowerCase(name);
  const rawHeaders = request.rawHeaders ?? request.raw?.rawHeaders;
  if (rawHeaders) {
    let times = 0;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      // The length first: of the headers of a browser nearly all are told apart by it.
      if (rawHeaders[i].length === lower.length && rawHeaders[i].toLowerCase() === lower) times += 1;
    }
    if (times > 1) throw new InvalidTenantIdError(`${times} values`, `header ${name}`, SENT_ONCE);
  }
  const value = request.headers[lower];
  if (Array.isArray(value)) throw new InvalidTenantIdError(`${value.length} values`, `header ${name}`, SENT_ONCE);
  return value;
}

/**
 * The host that the request was sent to, as it came. Of HTTP/2 it is the `:authority`. A request line may name a host too;
 * one that is not the header's is refused: what is in between may have gone by either.
 */
export function hostOf(request: TenantRequest): string | undefined {
  const sent = headerOf(request, 'Host');
  const authority = request.headers[AUTHORITY_HEADER] === undefined ? undefined : headerOf(request, AUTHORITY_HEADER);
  const target = targetOf(request);
  // Most begin with a slash: there is no host in front of that.
  const named = target.startsWith('/') ? undefined : AUTHORITY.exec(target)?.[1];
  for (const other of [authority, named]) {
    if (sent === undefined || !other || isSameHost(sent, other)) continue;
    throw new InvalidTenantIdError(`${sent} and ${other}`, 'host', 'A request is sent to one host.');
  }
  return sent ?? (authority || named || undefined);
}

const AUTHORITY_HEADER = ':authority';

function isSameHost(one: string, other: string): boolean {
  const host = canonicalHost(one);
  return host === undefined ? one === other : host === canonicalHost(other);
}

/** The address of the other end of the connection: of the proxy, where one is in between. */
export function peerOf({ raw, socket }: TenantRequest): string | undefined {
  return (raw?.socket ?? socket)?.remoteAddress;
}

const lowerNames = new Map<string, string>();

/** A name in lower case, the same string each time: an object's property is found by that at once. */
function lowerCase(name: string): string {
  const known = lowerNames.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  // The names are those of resolvers. Should one make them up, they are not kept for ever.
  if (lowerNames.size < 100) lowerNames.set(name, lower);
  return lower;
}

/** The path as it was sent, without the query. */
export function pathOf(request: TenantRequest): string {
  const target = originOf(request);
  const end = target.search(/[?#]/);
  return (end === -1 ? target : target.slice(0, end)) || '/';
}

/** The parsed query. */
export function queryOf(request: TenantRequest): URLSearchParams {
  const target = originOf(request);
  const start = target.indexOf('?');
  return new URLSearchParams(start === -1 ? '' : target.slice(start + 1));
}

// A request line may name scheme and host before the path: routers pass them over, so must a resolver.
const AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i;

function targetOf({ originalUrl, url }: TenantRequest): string {
  return originalUrl ?? url ?? '/';
}

/** Path and query. */
function originOf(request: TenantRequest): string {
  const target = targetOf(request);
  return target.startsWith('/') ? target : target.replace(AUTHORITY, '');
}

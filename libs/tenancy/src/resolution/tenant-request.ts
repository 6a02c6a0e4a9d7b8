import { InvalidTenantIdError } from '../tenancy.errors.js';

/** What a resolver may read of a request. Express's request, Fastify's raw one and Node's own all have this shape. */
export interface TenantRequest {
  /** Path and query, as Node received them. Frameworks that rewrite it keep the original in `originalUrl`. */
  readonly url?: string;
  readonly originalUrl?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Names and values in turn, with duplicates: Node joins or drops those in `headers`. */
  readonly rawHeaders?: readonly string[];
  /** Node's own request, where a framework's is around it, as Fastify's is. */
  readonly raw?: { readonly rawHeaders?: readonly string[]; readonly user?: unknown };
  /** What the application's authentication left there. */
  readonly user?: unknown;
}

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
    if (times > 1) throw new InvalidTenantIdError(`${times} values`, `header ${name}`);
  }
  const value = request.headers[lower];
  if (Array.isArray(value)) throw new InvalidTenantIdError(`${value.length} values`, `header ${name}`);
  return value;
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
  const target = targetOf(request);
  const end = target.search(/[?#]/);
  return (end === -1 ? target : target.slice(0, end)) || '/';
}

/** The parsed query. */
export function queryOf(request: TenantRequest): URLSearchParams {
  const target = targetOf(request);
  const start = target.indexOf('?');
  return new URLSearchParams(start === -1 ? '' : target.slice(start + 1));
}

/** Path and query. A request line may name scheme and host before them: routers pass them over, so must a resolver. */
function targetOf({ originalUrl, url }: TenantRequest): string {
  return (originalUrl ?? url ?? '/').replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');
}

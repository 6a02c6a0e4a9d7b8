import type { TenantRequest } from './tenant-request.js';

/** What a resolver may ask of the module. */
export interface TenantDirectory {
  /** The host that the request was sent to, as it came: `X-Forwarded-Host` where a trusted proxy gives it. */
  hostOf(request: TenantRequest): string | undefined;
  /** The id of the tenant that a whole host name belongs to. */
  idOfDomain(domain: string): Promise<string | undefined>;
}

/**
 * Finds a tenant id in a request; `undefined` where it finds none. What it finds is a hint: it is validated, must agree
 * with what the other resolvers find, and is then looked up.
 *
 * @example
 * class ApiKeyTenantResolver implements TenantResolver {
 *   readonly source = 'API key';
 *   readonly header = 'X-Api-Key';
 *   resolve(request: TenantRequest) {
 *     return headerOf(request, this.header)?.split('.')[0];
 *   }
 * }
 */
export interface TenantResolver {
  /** Names this resolver in errors, such as `header X-Tenant-ID`. @defaultValue the name of its class */
  readonly source?: string;
  /**
   * The header of the request that this resolver reads. Answers name it in `Vary`, so that no cache gives them to who sends
   * another. @defaultValue none
   */
  readonly header?: string;
  resolve(request: TenantRequest, directory: TenantDirectory): string | undefined | Promise<string | undefined>;
}

/** What a resolver is called in errors. */
export function sourceOf(resolver: TenantResolver): string {
  return resolver.source ?? resolver.constructor.name;
}

/** The options, completed with their defaults. */
export const TENANCY_OPTIONS = Symbol('TENANCY_OPTIONS');
/** The configured `TenantStore`. */
export const TENANT_STORE = Symbol('TENANT_STORE');
/** Metadata key of `@ResolveTenantBy()`. */
export const RESOLVE_TENANT_BY = Symbol('RESOLVE_TENANT_BY');
/** Metadata key of `@BypassTenancy()`. */
export const BYPASS_TENANCY = Symbol('BYPASS_TENANCY');
/** The `RequestClaims`: whether a caller has proven to be of the request's tenant. */
export const REQUEST_CLAIMS = Symbol('REQUEST_CLAIMS');
/** The `RequestQuota`, where there is one: counts a request against its tenant's quota. */
export const REQUEST_QUOTA = Symbol('REQUEST_QUOTA');

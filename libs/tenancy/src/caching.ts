// The names of `nestjs-tenancy/caching`: apart, as the types of @nestjs/cache-manager need those of a package that it does
// not bring along (`cacheable`).
export { TenantCacheInterceptor } from './caching/tenant-cache.interceptor.js';

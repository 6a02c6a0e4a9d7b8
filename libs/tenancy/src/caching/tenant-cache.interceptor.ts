import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { Inject, Injectable, Logger, Optional, StreamableFile } from '@nestjs/common';
import type { CacheTTLFactory } from '@nestjs/cache-manager';
import { CACHE_MANAGER, CACHE_TTL_METADATA, CacheInterceptor } from '@nestjs/cache-manager';
import { Reflector } from '@nestjs/core';
import type { Cache } from 'cache-manager';
import type { Observable } from 'rxjs';
import { of, tap } from 'rxjs';
import { placeOfController } from '../context/place-of-controller.js';
import type { RequestClaims } from '../context/request-claims.js';
import type { RequestQuota } from '../context/request-quota.js';
import { currentScope } from '../context/tenancy-scope.js';
import { REQUEST_CLAIMS, REQUEST_QUOTA } from '../tenancy.tokens.js';
import { isRecord } from '../tenants/tenant.js';
import type { Tenant } from '../tenants/tenant.js';

/**
 * Nest's `CacheInterceptor` for applications whose answers belong to tenants: what was answered to one is never answered
 * to another, and a request without a tenant is neither answered from the cache nor kept in it. `@CacheKey()`,
 * `@CacheTTL()` and a `trackBy()` of your own work as ever; tenant and handler are added to what they say. Whoever the caller
 * is is not in the key, as it is not in Nest's: where an answer depends on that, add it in `trackBy()`.
 *
 * @example { provide: APP_INTERCEPTOR, useClass: TenantCacheInterceptor }
 */
@Injectable()
export class TenantCacheInterceptor extends CacheInterceptor {
  private readonly logger = new Logger('TenancyModule');

  constructor(
    @Inject(CACHE_MANAGER) private readonly cache: Cache,
    reflector: Reflector,
    @Inject(REQUEST_CLAIMS) private readonly claims: RequestClaims,
    @Optional() @Inject(REQUEST_QUOTA) private readonly quota?: RequestQuota,
  ) {
    super(cache, reflector);
  }

  override async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const scope = currentScope();
    const tenant = scope?.tenant;
    // GraphQL asks many questions at one address.
    if (!scope || !tenant || context.getType<string>() === 'graphql') return next.handle();
    // The application's interceptors come before the module's own, which compares the claim after the guards: without
    // this a caller with another tenant's claim would be answered from the cache.
    await this.claims.agree(context, tenant.id);
    const tracked = await this.trackBy(context);
    if (!tracked) return next.handle();
    await this.quota?.take(context);
    const key = keyOf(tenant, context, tracked);
    const kept = await this.read(key, tenant);
    // Nest's own asks only whether the application has an adapter, and would set the header on a message.
    if (context.getType() === 'http') this.setHeadersWhenHttp(context, kept?.value);
    if (kept) return of(kept.value);
    const ttl = await this.ttlOf(context);
    return next.handle().pipe(
      tap((value: unknown) => {
        // The handler may have become another tenant's by TenantContext.set().
        if (scope.tenant === tenant) void this.write(key, { tenant: tenant.id, value }, ttl);
      }),
    );
  }

  /** A cache that fails, or holds something else than what was put there, is a cache miss. */
  private async read(key: string, tenant: Tenant): Promise<{ readonly value: unknown } | undefined> {
    try {
      const kept: unknown = await this.cache.get(key);
      return isRecord(kept) && kept.tenant === tenant.id ? { value: kept.value } : undefined;
    } catch {
      return undefined;
    }
  }

  private async write(key: string, kept: { tenant: string; value: unknown }, ttl: number | undefined): Promise<void> {
    if (kept.value === undefined || kept.value === null || kept.value instanceof StreamableFile) return;
    try {
      await this.cache.set(key, kept, ttl);
    } catch (error) {
      this.logger.error(`The cache does not take ${key}.`, error instanceof Error ? error.stack : undefined);
    }
  }

  private async ttlOf(context: ExecutionContext): Promise<number | undefined> {
    const places = [context.getHandler(), context.getClass()];
    const ttl = this.reflector.getAllAndOverride<number | CacheTTLFactory | undefined>(CACHE_TTL_METADATA, places);
    return typeof ttl === 'function' ? ttl(context) : ttl;
  }
}

/**
 * The schema too: a tenant that was dropped and made again has the same id, and none of its answers. And the handler: several
 * answer at one address, where a header or the host tells them apart.
 */
function keyOf({ id, schema }: Tenant, context: ExecutionContext, tracked: string): string {
  const handler = `${placeOfController(context.getClass())}.${context.getHandler().name}`;
  return `tenancy:response:${encodeURIComponent(id)}:${schema}:${handler}:${tracked}`;
}

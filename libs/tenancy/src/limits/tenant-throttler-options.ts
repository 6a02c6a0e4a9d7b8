import type { ThrottlerStorage } from '@nestjs/throttler';
import { TenancyOptionsError } from '../tenancy.errors.js';
import type { Tenant } from '../tenants/tenant.js';
import { isRecord } from '../tenants/tenant.js';
import type { RequestLimit } from './request-limit.js';
import { checkedLimit } from './request-limit.js';

/** The limits of the plans by name, or a function that knows each tenant's. */
export type TenantPlans = Readonly<Record<string, RequestLimit>> | ((tenant: Tenant) => RequestLimit);

/** What `TenantThrottlerModule` is told. Only `plans` has no default. */
export interface TenantThrottlerOptions {
  /**
   * What a tenant may ask, by its `plan`: `{ free: { limit: 60, ttl: 60_000 } }`. A plan that is not named has the limit of
   * `default`; without that, the lowest of all. A function is given the tenant.
   */
  readonly plans: TenantPlans;
  /**
   * What an address may ask that is counted for no tenant: without valid credentials, for nobody or an unknown tenant, on a
   * route of none. Tenants do not use it up. An IPv6 address is its /64. @defaultValue `{ limit: 300, ttl: 60_000 }`
   */
  readonly address?: RequestLimit;
  /**
   * Paths that count for no address and that none is refused: `['/health']`, which a balancer asks for; `*` stands for
   * anything. What answers there must not cost much. @defaultValue `[]`
   */
  readonly exclude?: readonly string[];
  /** Where the counts are: `RedisThrottlerStorage` for several instances. @defaultValue this process */
  readonly storage?: ThrottlerStorage;
  /**
   * How long the storage may take, in milliseconds. While it takes longer or fails, each instance counts for itself.
   * @defaultValue `250`
   */
  readonly storageTimeout?: number;
}

/** The options, checked and completed. */
export interface TenantLimits {
  readonly ofTenant: (tenant: Tenant) => RequestLimit;
  readonly address: RequestLimit;
  readonly exclude: readonly string[];
  readonly storage?: ThrottlerStorage;
  readonly storageTimeout: number;
}

/** Throws `TenancyOptionsError` for what cannot be limits. */
export function completeThrottlerOptions(options: TenantThrottlerOptions): TenantLimits {
  const { plans, address = { limit: 300, ttl: 60_000 }, exclude = [], storage, storageTimeout = 250 } = options;
  if (!Number.isFinite(storageTimeout) || storageTimeout <= 0) {
    throw new TenancyOptionsError(`storageTimeout is ${String(storageTimeout)}; it must be a number above 0.`);
  }
  return {
    ofTenant:
      typeof plans === 'function' ? (tenant) => checkedLimit(plans(tenant), `plans(${tenant.id})`) : limitByPlan(plans),
    address: checkedLimit(address, 'address'),
    exclude,
    storage,
    storageTimeout,
  };
}

function limitByPlan(plans: unknown): (tenant: Tenant) => RequestLimit {
  const named = isRecord(plans) ? Object.entries(plans) : [];
  if (named.length === 0) {
    throw new TenancyOptionsError('The option `plans` is missing: it says what a tenant of each plan may ask.');
  }
  // A Map: a plan may be called "constructor".
  const limits = new Map(named.map(([plan, limit]) => [plan, checkedLimit(limit, `plans.${plan}`)]));
  const [lowest] = [...limits.values()].sort((one, other) => one.limit / one.ttl - other.limit / other.ttl);
  const unnamed = limits.get('default') ?? lowest;
  return ({ plan }) => limits.get(plan) ?? unnamed;
}

import { TenancyOptionsError } from '../tenancy.errors.js';

/** How long `TenantService` relies on what it knows, and waits for what it does not. Times are in milliseconds. */
export class TenantCacheOptions {
  /**
   * How long a tenant is kept before the store is asked again. A suspended tenant, or a changed setting, is seen by
   * the other instances after this time at the latest. @defaultValue `30_000`
   */
  ttl = 30_000;
  /** How long "there is no such tenant" is kept. @defaultValue `2_000` */
  negativeTtl = 2_000;
  /** How long a known tenant keeps working while the store does not answer. @defaultValue `600_000` */
  staleTtl = 600_000;
  /** How long such a tenant is used before a store that did not answer is asked again. @defaultValue `1_000` */
  retryAfter = 1_000;
  /** How long the store may take; one that takes longer does not answer. @defaultValue `5_000` */
  storeTimeout = 5_000;
  /** How long cache-manager may take; one that takes longer is done without. @defaultValue `250` */
  cacheTimeout = 250;
  /** How many tenants one process keeps at most, the least recently used go first. @defaultValue `10_000` */
  max = 10_000;
}

/** The options with their defaults. One that is given as `undefined` is not given. */
export function completeCacheOptions(given: Partial<TenantCacheOptions>): TenantCacheOptions {
  const options = new TenantCacheOptions();
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    // NaN, which a variable of the environment becomes so easily, would make every comparison false: nothing cached, or
    // nothing ever forgotten.
    if (!Number.isFinite(value) || value < 0) {
      throw new TenancyOptionsError(`cache.${name} is ${String(value)}; it must be a number that is not negative.`);
    }
    Object.assign(options, { [name]: value });
  }
  return options;
}

/** How long `TenantService` relies on what it knows. Times are in milliseconds. */
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
  /** How many tenants one process keeps at most, the least recently used go first. @defaultValue `10_000` */
  max = 10_000;
}

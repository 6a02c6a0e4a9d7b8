import type { Secret } from './secrets/secret.js';
import type { TenantConfigExplanation } from './setting-explanation.js';

/** The settings of one tenant: its own value, over ConfigService's, over the default. */
export interface TenantConfig<K extends object = Record<string, unknown>> {
  /**
   * Names the tenant's own settings as they are stored: `update()` takes it as `ifVersion`, and an HTTP API hands it out as
   * an `ETag`.
   */
  readonly version: string;
  /**
   * Throws `TenantConfigUnusableError` where the settings are not valid any more, as all that reads a value does. A key that is
   * no setting is read from ConfigService, and so from the environment: never take one from a request.
   */
  get<P extends keyof K & string>(key: P): K[P] | undefined;
  /** Throws where the key has no value at all. */
  getOrThrow<P extends keyof K & string>(key: P): NonNullable<K[P]>;
  /** Every setting that has a default or a value of the tenant's own. */
  getAll(): Partial<K>;
  /** Where the value of a setting comes from. */
  explain(key: keyof K & string): TenantConfigExplanation;
}

/** What a setting may be changed to: a secret may be given as what it holds. */
export type TenantConfigValue<V> = V extends Secret<infer T> ? T | V : V;

/** Which tenant's settings are changed, and whether they must be as they were read. */
export interface TenantConfigUpdateOptions {
  /** @defaultValue the current tenant */
  readonly tenantId?: string;
  /** `TenantConfig.version` as it was read. Where it is another one by now: `TenantConfigConflictError`. */
  readonly ifVersion?: string;
}

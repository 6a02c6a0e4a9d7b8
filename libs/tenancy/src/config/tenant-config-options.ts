import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { TenantConfigEncryptionOptions } from './secrets/encryption-keys.js';

/** What a setting is. */
export interface TenantConfigKey {
  /**
   * Whether a tenant may have a value of its own; otherwise what is stored for one is ignored, and a change refused.
   * @defaultValue `true`
   */
  readonly overridable?: boolean;
  /** Whether it is encrypted where it is stored, and read as a `Secret`. Needs `encryption`. @defaultValue `false` */
  readonly secret?: boolean;
}

/** What tenants may set, and what holds where they do not. */
export interface TenantConfigOptions {
  /**
   * The settings that there are. What else is stored for a tenant is ignored, and a change of it refused.
   * @defaultValue those that `schema` lists, where it can (zod does); otherwise whatever a tenant has
   */
  readonly keys?: Readonly<Record<string, TenantConfigKey>>;
  /**
   * Validates a tenant's settings, over ConfigService's and the defaults: before a change is stored, and when they are
   * read. Any Standard Schema (zod, valibot, arktype) that needs no waiting; what it makes of a value must be valid again,
   * and be made the same of, or a change is refused. Without it nothing can be changed.
   */
  readonly schema?: StandardSchemaV1;
  /** What holds where neither the tenant nor ConfigService has a value. @defaultValue `{}` */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** Needed where one of the `keys` is a secret. */
  readonly encryption?: TenantConfigEncryptionOptions;
}

import type { StandardSchemaV1 } from '@standard-schema/spec';

/** What tenants may set, and what holds where they do not. */
export interface TenantConfigOptions {
  /**
   * Validates a tenant's settings, merged, before a change is stored: any Standard Schema (zod, valibot, arktype). Make it
   * strict, so that keys that are not declared are refused. Without it nothing can be changed.
   */
  readonly schema?: StandardSchemaV1;
  /** What holds where neither the tenant nor ConfigService has a value. @defaultValue `{}` */
  readonly defaults?: Readonly<Record<string, unknown>>;
}

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ConfigService } from '@nestjs/config';
import type { TenantContext } from '../context/tenant-context.js';
import { TenancyOptionsError, TenantConfigInvalidError } from '../tenancy.errors.js';
import { frozenJson } from '../tenants/frozen-json.js';
import { mergeConfig } from '../tenants/merge-config.js';
import type { Tenant } from '../tenants/tenant.js';
import type { TenantService } from '../tenants/tenant.service.js';
import { checkedPatch } from './config-patch.js';
import type { TenantConfigOptions } from './tenant-config-options.js';

/** The settings of one tenant: its own value, over ConfigService's, over the default. */
export interface TenantConfig<K extends object = Record<string, unknown>> {
  get<P extends keyof K & string>(key: P): K[P] | undefined;
  /** Throws where the key has no value at all. */
  getOrThrow<P extends keyof K & string>(key: P): NonNullable<K[P]>;
  /** Every key that has a default or a value of the tenant's own. */
  getAll(): Partial<K>;
}

/**
 * The settings of the current tenant. Keys are flat and dotted, such as `email.from`.
 *
 * @example
 * interface Settings {
 *   'email.from': string;
 * }
 * class Mailer {
 *   constructor(private readonly config: TenantConfigService<Settings>) {}
 *   from() {
 *     return this.config.getOrThrow('email.from'); // string
 *   }
 * }
 */
export class TenantConfigService<K extends object = Record<string, unknown>> implements TenantConfig<K> {
  private readonly schema: TenantConfigOptions['schema'];
  private readonly defaults: Readonly<Record<string, unknown>>;

  constructor(
    private readonly context: TenantContext,
    private readonly tenants: TenantService,
    private readonly base: Pick<ConfigService, 'get'> | undefined,
    { schema, defaults = {} }: TenantConfigOptions = {},
  ) {
    this.schema = schema;
    // All tenants read the same ones: what one of them changed in a list, the others would find there.
    this.defaults = frozenJson(defaults, 'config.defaults') as Readonly<Record<string, unknown>>;
  }

  get<P extends keyof K & string>(key: P): K[P] | undefined {
    return this.of(this.context.getOrThrow()).get(key);
  }

  getOrThrow<P extends keyof K & string>(key: P): NonNullable<K[P]> {
    return this.of(this.context.getOrThrow()).getOrThrow(key);
  }

  getAll(): Partial<K> {
    return this.of(this.context.getOrThrow()).getAll();
  }

  /** The settings of a named tenant, as they are now. */
  async for(tenantId: string): Promise<TenantConfig<K>> {
    return this.of(await this.tenants.getTenant(tenantId));
  }

  /**
   * Changes settings of the current tenant, or of the one that is named, and returns all of them; `null` removes a key, and `undefined` is nothing.
   * Throws `TenantConfigInvalidError`, and then nothing is stored. The next read of this scope sees the change.
   */
  async update(patch: { readonly [P in keyof K]?: K[P] | null }, tenantId?: string): Promise<Partial<K>> {
    const change = checkedPatch(patch);
    const tenant = await this.tenants.getTenant(tenantId ?? this.context.getOrThrow().id);
    const valid = await this.validated(mergeConfig(tenant.config, change));
    const checked = Object.fromEntries(Object.keys(change).map((key) => [key, valueOf(valid, key) ?? null]));
    const updated = await this.tenants.updateConfig(tenant.id, checked);
    if (this.context.tenantId === updated.id && updated.status === 'active') this.context.set(updated);
    return this.of(updated).getAll();
  }

  private async validated(config: Record<string, unknown>): Promise<Record<string, unknown>> {
    const { schema } = this;
    if (!schema)
      throw new TenancyOptionsError('Settings cannot be changed without config.schema, which validates them.');
    const result = await schema['~standard'].validate(config);
    if (result.issues) throw new TenantConfigInvalidError(result.issues.map(toIssue));
    return result.value as Record<string, unknown>;
  }

  private of(tenant: Tenant): TenantConfig<K> {
    const { base, defaults } = this;
    const own = tenant.config;
    const fromBase = (key: string): unknown => (isEverybodys(key) ? undefined : base?.get<unknown>(key));
    const read = (key: string): unknown => valueOf(own, key) ?? fromBase(key) ?? valueOf(defaults, key);
    return {
      get: (key) => read(key) as K[typeof key] | undefined,
      getOrThrow: (key) => {
        const value = read(key) as K[typeof key] | undefined;
        if (value === undefined || value === null) {
          throw new TenancyOptionsError(
            `Neither the tenant, nor ConfigService, nor the defaults have a value of ${key}.`,
          );
        }
        return value;
      },
      getAll: () => {
        const keys = new Set([...Object.keys(defaults), ...Object.keys(own)]);
        return Object.fromEntries([...keys].map((key) => [key, read(key)])) as Partial<K>;
      },
    };
  }
}

/** `constructor` and the like, which ConfigService finds wherever its path leads through an object. */
function isEverybodys(key: string): boolean {
  return key.split('.').some((part) => part in Object.prototype);
}

function valueOf(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function toIssue(issue: StandardSchemaV1.Issue): { key: string; message: string } {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part));
  return { key: path.join('.'), message: issue.message };
}

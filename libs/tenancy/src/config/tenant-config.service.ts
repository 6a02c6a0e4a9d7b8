import type { ConfigService } from '@nestjs/config';
import { Logger } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { map } from 'rxjs';
import type { TenantContext } from '../context/tenant-context.js';
import {
  TenancyOptionsError,
  TenantConfigConflictError,
  TenantConfigUnusableError,
  TenantNotFoundError,
} from '../tenancy.errors.js';
import { configVersionOf } from '../tenants/config-version.js';
import type { TenantConfigCondition } from '../tenants/tenant-store.js';
import type { Tenant } from '../tenants/tenant.js';
import type { TenantService } from '../tenants/tenant.service.js';
import { configChanges } from './config-changes.js';
import { checkedPatch } from './config-patch.js';
import { InTurn } from './in-turn.js';
import type { TenantConfigExplanation } from './setting-explanation.js';
import { explainSetting } from './setting-explanation.js';
import { valueOf } from './setting-layers.js';
import type { TenantConfigOptions } from './tenant-config-options.js';
import type { TenantConfig, TenantConfigUpdateOptions, TenantConfigValue } from './tenant-config.js';
import { TenantSettings } from './tenant-settings.js';

// Each try fails only where another instance has changed the same tenant's settings since it read them.
const ATTEMPTS = 10;

/**
 * The settings of the current tenant. Keys are flat and dotted, such as `email.from`.
 *
 * @example
 * interface Settings {
 *   'email.from': string;
 *   'smtp.password': Secret;
 * }
 * class Mailer {
 *   constructor(private readonly config: TenantConfigService<Settings>) {}
 *   from() {
 *     return this.config.getOrThrow('email.from'); // string
 *   }
 * }
 */
export class TenantConfigService<K extends object = Record<string, unknown>> implements TenantConfig<K> {
  private readonly settings: TenantSettings;
  private readonly turns = new InTurn();
  private readonly logger = new Logger('TenancyModule');
  /** Tenants are frozen, and another object once they have changed. */
  private resolved = new WeakMap<Tenant, Readonly<Record<string, unknown>>>();
  private readonly complainedOf = new WeakSet<Tenant>();

  constructor(
    private readonly context: TenantContext,
    private readonly tenants: TenantService,
    base: (Pick<ConfigService, 'get'> & Partial<Pick<ConfigService, 'changes$'>>) | undefined,
    options: TenantConfigOptions = {},
  ) {
    this.settings = new TenantSettings(base, options);
    base?.changes$?.subscribe(() => (this.resolved = new WeakMap()));
  }

  get version(): string {
    return this.current.version;
  }

  get<P extends keyof K & string>(key: P): K[P] | undefined {
    return this.current.get(key);
  }

  getOrThrow<P extends keyof K & string>(key: P): NonNullable<K[P]> {
    return this.current.getOrThrow(key);
  }

  getAll(): Partial<K> {
    return this.current.getAll();
  }

  explain(key: keyof K & string): TenantConfigExplanation {
    return this.current.explain(key);
  }

  /** The settings of a named tenant, as they are now. */
  async for(tenantId: string): Promise<TenantConfig<K>> {
    return this.of(await this.tenants.getTenant(tenantId));
  }

  /**
   * The settings of a tenant each time that this process learns that they have changed: at once where it changes them itself or
   * hears of it, which looks the tenant up; where the store cannot be watched, when somebody asks for the tenant after
   * `cache.ttl`. The present ones are not among them. What subscribes runs in its own context, not in that of the request that
   * brought the news.
   */
  changes(tenantId: string): Observable<TenantConfig<K>> {
    return configChanges(this.tenants, tenantId).pipe(map((tenant) => this.of(tenant)));
  }

  /**
   * Changes settings of the current tenant, or of the one that is named, and returns all of them; `null` removes a key, and
   * `undefined` is nothing. Throws `TenantConfigInvalidError`, or `TenantConfigConflictError` where `ifVersion` is not the
   * version any more; nothing is stored then. The next read of this scope sees the change.
   */
  async update(
    patch: { readonly [P in keyof K]?: TenantConfigValue<K[P]> | null },
    target: string | TenantConfigUpdateOptions = {},
  ): Promise<Partial<K>> {
    const { tenantId = this.context.getOrThrow().id, ifVersion } =
      typeof target === 'string' ? { tenantId: target } : target;
    const change = checkedPatch(patch, (key) => this.settings.keys.isSecret(key));
    const updated = await this.turns.run(tenantId, () =>
      this.store(tenantId, ifVersion, (tenant) => this.settings.checkedChange(tenant, change)),
    );
    if (this.context.tenantId === updated.id && updated.status === 'active') this.context.set(updated);
    return this.of(updated).getAll();
  }

  /**
   * Encrypts those secrets of a tenant anew that an older key encrypted, whatever the tenant's status, and returns their
   * keys. For all tenants: page through `TenantService.listTenants()`.
   */
  async reencrypt(tenantId: string): Promise<readonly string[]> {
    return this.turns.run(tenantId, async () => {
      for (let attempt = 1; ; attempt++) {
        const tenant = await this.tenants.findTenant(tenantId);
        if (!tenant) throw new TenantNotFoundError(tenantId);
        const change = this.settings.resealed(tenant);
        if (Object.keys(change).length === 0) return [];
        try {
          // Never over a secret that was changed meanwhile.
          await this.tenants.updateConfig(tenantId, change, { ifVersion: configVersionOf(tenant.config) });
          return Object.keys(change);
        } catch (error) {
          if (!(error instanceof TenantConfigConflictError) || attempt === ATTEMPTS) throw error;
        }
      }
    });
  }

  /** What was checked against the settings of one version is stored over those of that version only. */
  private async store(
    tenantId: string,
    ifVersion: string | undefined,
    check: (tenant: Tenant) => Record<string, unknown>,
  ): Promise<Tenant> {
    for (let attempt = 1; ; attempt++) {
      const tenant = await this.tenants.getTenant(tenantId);
      const version = configVersionOf(tenant.config);
      const isOther = ifVersion !== undefined && ifVersion !== version;
      // Whoever has read a later version than this process knows is not to be refused for it.
      if (isOther && attempt === 1) await this.tenants.recheck(tenantId);
      else if (isOther) throw new TenantConfigConflictError(tenantId);
      else {
        const condition: TenantConfigCondition = ifVersion === undefined ? { basedOn: version } : { ifVersion };
        try {
          return await this.tenants.updateConfig(tenantId, check(tenant), condition);
        } catch (error) {
          const again = error instanceof TenantConfigConflictError && ifVersion === undefined && attempt < ATTEMPTS;
          if (!again) throw error;
        }
      }
    }
  }

  private get current(): TenantConfig<K> {
    return this.of(this.context.getOrThrow());
  }

  private of(tenant: Tenant): TenantConfig<K> {
    const { layers, keys } = this.settings;
    const isOwn = (key: string): boolean => keys.isOverridable(key) && Object.hasOwn(tenant.config, key);
    const read = (key: string): unknown => {
      const value = valueOf(this.resolve(tenant), key);
      // What the schema has left out of a setting must not come back from below, past the schema.
      return value === undefined && !keys.isListed(key) && !isOwn(key) ? layers.below(key) : value;
    };
    return {
      // Counted where it is asked for: most reads are of a value.
      get version() {
        return configVersionOf(tenant.config);
      },
      get: (key) => read(key) as K[typeof key] | undefined,
      getOrThrow: (key) => {
        const value = read(key) as K[typeof key] | undefined;
        if (value !== undefined && value !== null) return value;
        throw new TenancyOptionsError(
          `Neither the tenant, nor ConfigService, nor the defaults have a value of ${key}.`,
        );
      },
      getAll: () => {
        // None at all may be too few for the schema.
        this.resolve(tenant);
        const own = Object.keys(tenant.config).filter((key) => keys.isOverridable(key));
        const names = new Set([...layers.defaultNames, ...own]);
        return Object.fromEntries([...names].map((key) => [key, read(key)])) as Partial<K>;
      },
      explain: (key) => explainSetting(this.settings, tenant, key),
    };
  }

  private resolve(tenant: Tenant): Readonly<Record<string, unknown>> {
    const known = this.resolved.get(tenant);
    if (known) return known;
    try {
      const values = this.settings.resolve(tenant);
      this.resolved.set(tenant, values);
      return values;
    } catch (error) {
      if (error instanceof TenantConfigUnusableError && !this.complainedOf.has(tenant)) {
        this.complainedOf.add(tenant);
        this.logger.warn(error.message);
      }
      throw error;
    }
  }
}

import { isDeepStrictEqual } from 'node:util';
import type { ConfigService } from '@nestjs/config';
import { TenancyOptionsError, TenantConfigInvalidError, TenantConfigUnusableError } from '../tenancy.errors.js';
import { mergeConfig } from '../tenants/merge-config.js';
import type { Tenant } from '../tenants/tenant.js';
import { deepFrozen } from './deep-frozen.js';
import { asJson, madeOf } from './made-values.js';
import { SealedSecrets } from './secrets/sealed-secrets.js';
import { Secret } from './secrets/secret.js';
import type { SettingIssue } from './setting-fault.js';
import { SettingFault, told } from './setting-fault.js';
import { SettingKeys } from './setting-keys.js';
import { SettingLayers, valueOf } from './setting-layers.js';
import { assertPlain, bytesOf, MAX_BYTES } from './setting-limits.js';
import type { TenantConfigOptions } from './tenant-config-options.js';
import { validateSettings } from './validate-settings.js';

type Values = Record<string, unknown>;

const NOT_TAKEN = 'The schema must take what it makes of a value, and make the same of it.';

/** Reads and checks the settings of a tenant: what of them counts, what they lie over, and whether it is all valid. */
export class TenantSettings {
  readonly keys: SettingKeys;
  readonly layers: SettingLayers;
  private readonly schema: TenantConfigOptions['schema'];
  private readonly secrets: SealedSecrets;

  constructor(base: Pick<ConfigService, 'get'> | undefined, options: TenantConfigOptions) {
    const { schema, defaults = {}, encryption } = options;
    this.keys = new SettingKeys(options);
    if (this.keys.hasSecrets && !encryption) {
      throw new TenancyOptionsError('config.keys declares a secret, and config.encryption has no keys for it.');
    }
    this.layers = new SettingLayers(base, defaults);
    this.schema = schema;
    this.secrets = new SealedSecrets(encryption ?? { keys: [] });
    this.assertBaseValid();
  }

  /**
   * All settings as they hold for a tenant. Throws `TenantConfigUnusableError` where the schema refuses them: then none is
   * handed out, since what one of them means may depend on the others.
   */
  resolve(tenant: Tenant): Readonly<Values> {
    const { own, issues } = this.ownValues(tenant);
    if (bytesOf(own) > MAX_BYTES) issues.push({ key: '', message: `All settings have more than ${MAX_BYTES} bytes.` });
    if (issues.length > 0) throw new TenantConfigUnusableError(issues, tenant.id);
    const result = this.validate(this.over(own));
    if ('issues' in result) throw new TenantConfigUnusableError(result.issues, tenant.id);
    const shown = Object.entries(result.valid)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, this.keys.isSecret(key) ? new Secret(deepFrozen(value)) : deepFrozen(value)]);
    return Object.freeze(Object.fromEntries(shown)) as Readonly<Values>;
  }

  /** What is to be stored of a change: checked with all that it lies between, its secrets encrypted. */
  checkedChange(tenant: Tenant, change: Values): Values {
    if (!this.schema) {
      throw new TenancyOptionsError('Settings cannot be changed without config.schema, which validates them.');
    }
    const { own, issues } = this.ownValues(tenant, change);
    const result = this.validate(this.over(mergeConfig(own, change)));
    const refused = [...issues, ...('issues' in result ? result.issues : []), ...this.notToBeSet(change)];
    if (refused.length > 0 || !('valid' in result)) throw new TenantConfigInvalidError(told(refused));
    const made = madeOf(change, result.valid, (key) => this.keys.isSecret(key));
    this.assertTaken(own, made);
    const stored = this.sealed(tenant.id, made);
    const bytes = bytesOf(mergeConfig(tenant.config, stored));
    if (bytes > MAX_BYTES && bytes > bytesOf(tenant.config)) {
      throw new TenantConfigInvalidError([{ key: '', message: `All settings have more than ${MAX_BYTES} bytes.` }]);
    }
    return stored;
  }

  /** The change that encrypts anew what an older key encrypted. Throws `TenantConfigUnusableError`. */
  resealed(tenant: Tenant): Values {
    const { own, issues } = this.ownValues(tenant);
    if (issues.length > 0) throw new TenantConfigUnusableError(issues, tenant.id);
    const old = Object.keys(own).filter(
      (key) => this.keys.isSecret(key) && !this.secrets.isCurrent(tenant.config[key]),
    );
    return Object.fromEntries(old.map((key) => [key, this.secrets.seal(own[key], tenant.id, key)]));
  }

  /** The settings of the tenant's own that count, secrets opened, but for those that a change replaces anyway. */
  private ownValues(tenant: Tenant, change: Values = {}): { own: Values; issues: SettingIssue[] } {
    const issues: SettingIssue[] = [];
    const own: Array<readonly [string, unknown]> = [];
    for (const [key, stored] of Object.entries(tenant.config)) {
      if (!this.keys.isOverridable(key) || Object.hasOwn(change, key)) continue;
      try {
        own.push([key, this.opened(tenant.id, key, stored)]);
      } catch (error) {
        if (!(error instanceof SettingFault)) throw error;
        issues.push({ key, message: error.message });
      }
    }
    return { own: Object.fromEntries(own), issues };
  }

  private opened(tenantId: string, key: string, stored: unknown): unknown {
    if (this.keys.isSecret(key)) return this.secrets.open(stored, tenantId, key);
    assertPlain({ [key]: stored }, '');
    return stored;
  }

  /** Values over what lies below them, of every setting that there is. */
  private over(values: Values): Values {
    const names = new Set([...this.keys.names(values, this.defaults), ...Object.keys(values)]);
    const all = [...names].map((key) => [key, valueOf(values, key) ?? this.layers.below(key)] as const);
    return Object.fromEntries(all.filter(([, value]) => value !== undefined && value !== null));
  }

  private get defaults(): Values {
    return Object.fromEntries(this.layers.defaultNames.map((key) => [key, true]));
  }

  private validate(values: Values): ReturnType<typeof validateSettings> {
    return this.schema ? validateSettings(this.schema, values, (key) => this.keys.isSecret(key)) : { valid: values };
  }

  private notToBeSet(change: Values): SettingIssue[] {
    return Object.keys(change)
      .filter((key) => !this.keys.isOverridable(key))
      .map((key) => ({
        key,
        message: this.keys.isDeclared(key) ? 'A tenant cannot set this.' : 'There is no such setting.',
      }));
  }

  /** What the schema has made of a change is what it is given whenever it is read from then on. */
  private assertTaken(own: Values, made: Values): void {
    const again = this.validate(this.over(mergeConfig(own, made)));
    const isOther = (key: string, valid: Values) =>
      made[key] !== null && !isDeepStrictEqual(asJson(valueOf(valid, key)), made[key]);
    const keys =
      'issues' in again
        ? again.issues.map(({ key }) => key)
        : Object.keys(made).filter((key) => isOther(key, again.valid));
    if (keys.length > 0) throw new TenantConfigInvalidError(keys.map((key) => ({ key, message: NOT_TAKEN })));
  }

  private sealed(tenantId: string, made: Values): Values {
    const issues: SettingIssue[] = [];
    const stored = Object.entries(made).map(([key, value]) => {
      if (value === null || !this.keys.isSecret(key)) return [key, value];
      try {
        return [key, this.secrets.seal(value, tenantId, key)];
      } catch (error) {
        if (!(error instanceof SettingFault)) throw error;
        issues.push({ key, message: error.message });
        return [key, null];
      }
    });
    if (issues.length > 0) throw new TenantConfigInvalidError(told(issues));
    return Object.fromEntries(stored) as Values;
  }

  /** What is wrong for every tenant is said at start. What is missing may be each tenant's own. */
  private assertBaseValid(): void {
    const values = this.over({});
    const result = this.validate(values);
    const issues = 'issues' in result ? result.issues : [];
    const wrong = issues.filter(({ key }) =>
      Object.keys(values).some((name) => key === name || key.startsWith(`${name}.`)),
    );
    if (wrong.length === 0) return;
    const faults = wrong.map(({ key, message }) => `${key}: ${message}`).join('; ');
    throw new TenancyOptionsError(`config: what ConfigService or config.defaults have is not valid: ${faults}`);
  }
}

import type { Tenant } from '../tenants/tenant.js';
import { SECRET_PLACEHOLDER } from './secrets/secret.js';
import type { TenantConfigLayer } from './setting-layers.js';
import { LAYERS, valueOf } from './setting-layers.js';
import type { TenantSettings } from './tenant-settings.js';

/** Where the value of a setting comes from. A secret is shown as `[secret]`. */
export interface TenantConfigExplanation {
  readonly key: string;
  /** Whether there is such a setting; of what is none, nothing is told. */
  readonly declared: boolean;
  readonly overridable: boolean;
  readonly secret: boolean;
  /** The layer that the value comes from; `undefined` where none has one. */
  readonly layer: TenantConfigLayer | undefined;
  /** As that layer has it, before the schema. */
  readonly value: unknown;
  /** Every layer that has a value, the first one counts unless it is `ignored`. */
  readonly layers: ReadonlyArray<{
    readonly layer: TenantConfigLayer;
    readonly value: unknown;
    readonly ignored: boolean;
  }>;
}

export function explainSetting(settings: TenantSettings, tenant: Tenant, key: string): TenantConfigExplanation {
  const { keys, layers } = settings;
  const facts = {
    key,
    declared: keys.isDeclared(key),
    overridable: keys.isOverridable(key),
    secret: keys.isSecret(key),
  };
  const values = {
    tenant: valueOf(tenant.config, key),
    environment: layers.environment(key),
    default: layers.default(key),
  };
  const found = LAYERS.filter((layer) => facts.declared && values[layer] !== undefined && values[layer] !== null).map(
    (layer) => ({
      layer,
      value: facts.secret ? SECRET_PLACEHOLDER : values[layer],
      ignored: layer === 'tenant' && !facts.overridable,
    }),
  );
  const used = found.find(({ ignored }) => !ignored);
  return { ...facts, layer: used?.layer, value: used?.value, layers: found };
}

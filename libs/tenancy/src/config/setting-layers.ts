import type { ConfigService } from '@nestjs/config';
import { frozenJson } from '../tenants/frozen-json.js';
import { isReserved } from './setting-limits.js';

/** Where the value of a setting comes from: the first of these that has one. */
export const LAYERS = ['tenant', 'environment', 'default'] as const;
/** Where a value comes from, as `TenantConfigService.explain()` says it: the tenant, ConfigService, or the defaults. */
export type TenantConfigLayer = (typeof LAYERS)[number];

/** What holds where a tenant has no value of its own: ConfigService's, over the defaults. */
export class SettingLayers {
  private readonly defaults: Readonly<Record<string, unknown>>;

  constructor(
    private readonly base: Pick<ConfigService, 'get'> | undefined,
    defaults: Readonly<Record<string, unknown>>,
  ) {
    // All tenants read the same ones: what one of them changed in a list, the others would find there.
    this.defaults = frozenJson(defaults, 'config.defaults') as Readonly<Record<string, unknown>>;
  }

  get defaultNames(): string[] {
    return Object.keys(this.defaults);
  }

  /** ConfigService finds `constructor` and the like wherever its path leads through an object. */
  environment(key: string): unknown {
    return isReserved(key) ? undefined : this.base?.get<unknown>(key);
  }

  default(key: string): unknown {
    return valueOf(this.defaults, key);
  }

  below(key: string): unknown {
    return this.environment(key) ?? this.default(key);
  }
}

export function valueOf(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

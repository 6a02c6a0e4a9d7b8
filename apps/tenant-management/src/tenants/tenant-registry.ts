import { Injectable } from '@nestjs/common';
import {
  configVersionOf,
  isSealedSecret,
  mergeConfig,
  TenantConfigConflictError,
  TenantDatabase,
  TenantDataSourceFactory,
  TenantLifecycle,
  TenantService,
} from 'nestjs-tenancy';
import { ProblemException } from 'problem-details';
import type { Repository } from 'typeorm';
import { RegisteredTenant } from '../registry/registered-tenant.entity.js';
import { tenantNotFound } from './registry-problems.js';
import { settings } from './tenant-fields.js';
import type { Page, Settings } from './tenant-requests.js';

/** Reads tenants, and changes their settings. */
@Injectable()
export class TenantRegistry {
  constructor(
    private readonly factory: TenantDataSourceFactory,
    private readonly database: TenantDatabase,
    private readonly lifecycle: TenantLifecycle,
    private readonly tenants: TenantService,
  ) {}

  async list({ limit, offset }: Page): Promise<[RegisteredTenant[], number]> {
    return this.rows.findAndCount({ order: { id: 'ASC' }, take: limit, skip: offset });
  }

  async get(id: string): Promise<RegisteredTenant> {
    const row = await this.rows.findOneBy({ id });
    if (!row) throw tenantNotFound(id);
    return row;
  }

  async getByDomain(domain: string): Promise<RegisteredTenant> {
    const row = await this.rows
      .createQueryBuilder('tenant')
      .where('tenant.id = (SELECT tenant_id FROM public.tenant_domains WHERE domain = :domain)', { domain })
      .getOne();
    if (!row) throw new ProblemException(404, 'TENANT_NOT_FOUND', `The domain ${domain} belongs to no tenant.`);
    return row;
  }

  /**
   * The row is locked while it is changed: of two changes at once the second one goes over the first. Throws
   * `TenantConfigConflictError` where the settings have another version than the one that is given.
   */
  async changeConfig(id: string, change: Settings, actor: string, ifVersion?: string): Promise<Settings> {
    const config = await this.database.systemSession(async (manager) => {
      const row = await manager.findOne(RegisteredTenant, { where: { id }, lock: { mode: 'for_no_key_update' } });
      if (!row) throw tenantNotFound(id);
      if (!mayChange(row, change)) throw notReady(row);
      if (ifVersion !== undefined && configVersionOf(row.config) !== ifVersion) throw new TenantConfigConflictError(id);
      const merged = checked(mergeConfig(row.config, change));
      await manager.update(RegisteredTenant, { id }, { config: merged as object });
      // Never a value: it may be a secret.
      const details = { keys: Object.keys(change) };
      await this.lifecycle.trail.append(manager, { actor, action: 'tenant.config_changed', tenantId: id, details });
      return merged;
    });
    await this.tenants.invalidate(id);
    return config;
  }

  private get rows(): Repository<RegisteredTenant> {
    return this.factory.system.getRepository(RegisteredTenant);
  }
}

/** The settings of an archived tenant stay, but that its secrets may be encrypted with another key: it may be restored. */
function mayChange({ status, config }: RegisteredTenant, change: Settings): boolean {
  if (status === 'active' || status === 'suspended') return true;
  const stored: Record<string, unknown> = config;
  const values = Object.entries(change);
  const areSealed = values.every(([key, value]) => isSealedSecret(value) && isSealedSecret(stored[key]));
  return status === 'archived' && values.length > 0 && areSealed;
}

function notReady({ id, status }: RegisteredTenant): ProblemException {
  const detail = `The tenant "${id}" is ${status}; only the settings of an active or suspended one can be changed.`;
  return new ProblemException(409, 'TENANT_NOT_READY', detail);
}

function checked(config: Settings): Settings {
  const { error } = settings.safeParse(config);
  if (!error) return config;
  throw new ProblemException(
    400,
    'VALIDATION_FAILED',
    'The settings would not be valid with this change; `errors` says why. Remove keys by setting them to null.',
    error.issues.map(({ path, message }) => ({ key: path.join('.'), message })),
  );
}

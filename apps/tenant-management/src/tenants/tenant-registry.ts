import { Injectable } from '@nestjs/common';
import {
  configVersionOf,
  mergeConfig,
  TenantConfigConflictError,
  TenantDatabase,
  TenantDataSourceFactory,
} from 'nestjs-tenancy';
import { ProblemException } from 'problem-details';
import type { Repository } from 'typeorm';
import { RegisteredTenant } from '../registry/registered-tenant.entity.js';
import { tenantNotFound, tenantNotReady, toProblem } from './registry-problems.js';
import { settings } from './tenant-fields.js';
import type { ChangeTenant, Page, Settings } from './tenant-requests.js';

/** Reads tenants, and changes what may be changed of them. */
@Injectable()
export class TenantRegistry {
  constructor(
    private readonly factory: TenantDataSourceFactory,
    private readonly database: TenantDatabase,
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

  async change(id: string, { domains, ...fields }: ChangeTenant): Promise<RegisteredTenant> {
    return this.update(id, () => ({ ...fields, ...(domains && { domains: [...new Set(domains)] }) }));
  }

  /** Throws `TenantConfigConflictError` where the settings have another version than the one that is given. */
  async changeConfig(id: string, change: Settings, ifVersion?: string): Promise<RegisteredTenant> {
    return this.update(id, (row) => {
      if (ifVersion !== undefined && configVersionOf(row.config) !== ifVersion) throw new TenantConfigConflictError(id);
      const config = mergeConfig(row.config, change);
      const { error } = settings.safeParse(config);
      if (!error) return { config };
      throw new ProblemException(
        400,
        'VALIDATION_FAILED',
        'The settings would not be valid with this change; `errors` says why. Remove keys by setting them to null.',
        error.issues.map(({ path, message }) => ({ key: path.join('.'), message })),
      );
    });
  }

  /** The row is locked while it is changed: of two changes at once the second one goes over the first. */
  private async update(
    id: string,
    change: (row: RegisteredTenant) => Partial<RegisteredTenant>,
  ): Promise<RegisteredTenant> {
    try {
      return await this.database.systemSession(async (manager) => {
        const row = await manager.findOne(RegisteredTenant, { where: { id }, lock: { mode: 'for_no_key_update' } });
        if (!row) throw tenantNotFound(id);
        if (row.status !== 'active' && row.status !== 'suspended') throw tenantNotReady(id, row.status);
        return await manager.save(Object.assign(row, change(row)));
      });
    } catch (error) {
      throw toProblem(error);
    }
  }

  private get rows(): Repository<RegisteredTenant> {
    return this.factory.system.getRepository(RegisteredTenant);
  }
}

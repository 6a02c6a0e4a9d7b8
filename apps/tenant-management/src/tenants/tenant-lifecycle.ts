import { Injectable, Logger } from '@nestjs/common';
import {
  generateSchemaName,
  mergeConfig,
  TenantDataSourceFactory,
  TenantIdValidator,
  TenantSchemaError,
  TenantSchemaService,
} from 'nestjs-tenancy';
import type { Repository } from 'typeorm';
import { RegisteredTenant } from '../registry/registered-tenant.entity.js';
import { schemaTaken, tenantExists, tenantNotFound, toProblem } from './registry-problems.js';
import { toTenant } from './tenant-answer.js';
import { TenantLock } from './tenant-lock.js';
import type { CreateTenant } from './tenant-requests.js';

/**
 * Creates and deletes tenants: a row of the registry and a schema, which no single transaction covers. The row is written
 * first and removed last, so that whatever is interrupted is on record, and repeating the request finishes it.
 */
@Injectable()
export class TenantLifecycle {
  private readonly logger = new Logger(TenantLifecycle.name);
  private readonly ids = new TenantIdValidator();

  constructor(
    private readonly factory: TenantDataSourceFactory,
    private readonly schemas: TenantSchemaService,
    private readonly lock: TenantLock,
  ) {}

  /** Makes the tenant's row, its schema and the tables in it. What fails leaves neither. */
  async create(wanted: CreateTenant): Promise<RegisteredTenant> {
    const id = this.ids.parse(wanted.id, 'the field id');
    return this.finding(id, async (known) => {
      if (known && known.status !== 'provisioning') throw tenantExists(id, known.status);
      const draft = this.rows.create({
        ...emptyTenant(id, known?.schema),
        ...wanted,
        domains: [...new Set(wanted.domains)],
        config: mergeConfig({}, wanted.config ?? {}),
      });
      if (!known) await this.assertNoSchema(draft);
      const row = await this.rows.save(draft);
      try {
        await this.schemas.create(toTenant(row));
      } catch (error) {
        await this.undo(row, error);
        throw error;
      }
      const { affected } = await this.rows.update({ id, status: 'provisioning' }, { status: 'active' });
      if (affected !== 1) throw new Error(`The row of tenant ${id} went away while its schema was made.`);
      return this.rows.findOneByOrFail({ id });
    });
  }

  /** Drops the tenant's schema and removes its row. */
  async delete(id: string): Promise<void> {
    await this.finding(id, async (known) => {
      if (!known) throw tenantNotFound(id);
      // From here on nobody can use it, and what is interrupted cannot be taken for a tenant that works.
      await this.rows.update({ id }, { status: 'archived' });
      await this.schemas.drop(toTenant(known));
      await this.rows.delete({ id });
    });
  }

  private async finding<T>(id: string, work: (known: RegisteredTenant | null) => Promise<T>): Promise<T> {
    try {
      return await this.lock.run(id, async () => work(await this.rows.findOneBy({ id })));
    } catch (error) {
      throw toProblem(error);
    }
  }

  /** A new tenant starts empty: a schema that is there, even one that was made for a tenant of this id, is refused. */
  private async assertNoSchema(draft: RegisteredTenant): Promise<void> {
    if ((await this.schemas.status(toTenant(draft))).exists) throw schemaTaken(draft.schema);
  }

  private async undo(row: RegisteredTenant, cause: unknown): Promise<void> {
    try {
      // It never was active, so there is nothing in it; and a schema that is not this tenant's is left alone.
      if (!(cause instanceof TenantSchemaError)) await this.schemas.drop(toTenant(row));
      await this.rows.delete({ id: row.id, status: 'provisioning' });
    } catch (error) {
      this.logger.error(`Tenant ${row.id} is left as provisioning: repeat the POST that creates it.`, error);
    }
  }

  private get rows(): Repository<RegisteredTenant> {
    return this.factory.system.getRepository(RegisteredTenant);
  }
}

function emptyTenant(id: string, schema = generateSchemaName(id)): Partial<RegisteredTenant> {
  return {
    id,
    name: id,
    schema,
    status: 'provisioning',
    plan: 'default',
    database: null,
    metadata: {},
  };
}

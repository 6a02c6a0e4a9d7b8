import type { Tenant } from 'nestjs-tenancy';
import { defineTenant, TENANT_STATUSES } from 'nestjs-tenancy';
import { z } from 'zod';
import type { RegisteredTenant } from '../registry/registered-tenant.entity.js';

/** A tenant as every answer shows it. */
export const tenantAnswer = z
  .object({
    id: z.string(),
    name: z.string(),
    schema: z.string().describe('Where its tables are.'),
    status: z.enum(TENANT_STATUSES),
    domains: z.array(z.string()),
    plan: z.string(),
    config: z.record(z.string(), z.unknown()),
    database: z.string().optional().describe('The database server it is placed on, where it is not the default one.'),
    metadata: z.record(z.string(), z.unknown()),
    createdAt: z.string().meta({ format: 'date-time' }),
    updatedAt: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'Tenant' });
export type TenantAnswer = z.infer<typeof tenantAnswer>;

export const tenantPage = z
  .object({ tenants: z.array(tenantAnswer), total: z.int(), limit: z.int(), offset: z.int() })
  .meta({ id: 'TenantPage' });
export type TenantPageAnswer = z.infer<typeof tenantPage>;

/** The library's tenant of a row. */
export function toTenant(row: RegisteredTenant): Tenant {
  return defineTenant({ ...row, database: row.database ?? undefined });
}

export function toAnswer(row: RegisteredTenant): TenantAnswer {
  const { domains, ...tenant } = toTenant(row);
  return {
    ...tenant,
    domains: [...domains],
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

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
    dropAfter: z
      .string()
      .meta({ format: 'date-time' })
      .optional()
      .describe('Of an archived tenant: from when on it may be dropped.'),
    createdAt: z.string().meta({ format: 'date-time' }),
    updatedAt: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'Tenant' });
export type TenantAnswer = z.infer<typeof tenantAnswer>;

export const tenantPage = z
  .object({ tenants: z.array(tenantAnswer), total: z.int(), limit: z.int(), offset: z.int() })
  .meta({ id: 'TenantPage' });
export type TenantPageAnswer = z.infer<typeof tenantPage>;

export const plannedDrops = z
  .object({
    drops: z.array(
      z.object({
        id: z.string(),
        status: z.enum(TENANT_STATUSES),
        dropAfter: z.string().meta({ format: 'date-time' }),
        isDue: z.boolean().describe('Whether it may be deleted now. It is, when somebody asks for it.'),
      }),
    ),
    total: z.int(),
    limit: z.int(),
    offset: z.int(),
  })
  .meta({ id: 'PlannedDrops' });
export type PlannedDropsAnswer = z.infer<typeof plannedDrops>;

/** The library's tenant of a row. */
function toTenant(row: RegisteredTenant): Tenant {
  return defineTenant({ ...row, database: row.database ?? undefined });
}

export function toAnswer(row: RegisteredTenant): TenantAnswer {
  const { domains, ...tenant } = toTenant(row);
  return {
    ...tenant,
    domains: [...domains],
    ...(row.dropAfter && { dropAfter: row.dropAfter.toISOString() }),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

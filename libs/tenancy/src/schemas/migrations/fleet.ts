import { TenantNotFoundError } from '../../tenancy.errors.js';
import type { TenantList, TenantPage } from '../../tenants/tenant-store.js';
import type { Tenant } from '../../tenants/tenant.js';
import { defineTenant } from '../../tenants/tenant.js';
import type { TenantPlace } from './tenant-migrations-report.js';

/** Who knows the tenants: TenantService. */
export interface TenantFinder {
  findTenant(id: string): Promise<Tenant | undefined>;
  listTenants(page: TenantPage): Promise<TenantList>;
}

/** A tenant management service need not list more at once. */
const PAGE = 200;

/** The tenants that were asked for, each once; all that the store lists where none were. */
export async function selectTenants(
  finder: TenantFinder,
  chosen: ReadonlyArray<Tenant | string> | undefined,
): Promise<Tenant[]> {
  const tenants = new Map<string, Tenant>();
  if (!chosen) {
    for await (const tenant of everyTenant(finder)) tenants.set(tenant.id, tenant);
    return [...tenants.values()];
  }
  for (const one of chosen) {
    const tenant = typeof one === 'string' ? await finder.findTenant(one) : defineTenant(one);
    if (!tenant) throw new TenantNotFoundError(one as string);
    tenants.set(tenant.id, tenant);
  }
  return [...tenants.values()];
}

async function* everyTenant(finder: TenantFinder): AsyncGenerator<Tenant> {
  for (let offset = 0; ;) {
    const { tenants, total } = await finder.listTenants({ limit: PAGE, offset });
    yield* tenants;
    offset += tenants.length;
    if (tenants.length === 0 || offset >= total) return;
  }
}

export const serverOf = ({ database }: Tenant): string => database ?? 'default';

export const placeOf = (tenant: Tenant): TenantPlace => ({
  tenantId: tenant.id,
  schema: tenant.schema,
  database: serverOf(tenant),
});

/** Groups by what `keyOf` says, in the order in which the keys come. */
export function groupBy<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group) group.push(one);
    else groups.set(keyOf(one), [one]);
  }
  return groups;
}

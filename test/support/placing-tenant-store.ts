import type { Tenant } from 'nestjs-tenancy';
import { InMemoryTenantStore, TenancyOptionsError, TenantNotFoundError } from 'nestjs-tenancy';

/** A registry that tells on which server a tenant is, and is told of another one. */
export class PlacingTenantStore extends InMemoryTenantStore {
  async placeTenant(id: string, { database, from }: { database: string; from: string }): Promise<Tenant> {
    const tenant = await this.findById(id);
    if (!tenant) throw new TenantNotFoundError(id);
    if ((tenant.database ?? 'default') !== from) throw new TenancyOptionsError(`Tenant ${id} is not on ${from}.`);
    return this.save({ ...tenant, database });
  }
}

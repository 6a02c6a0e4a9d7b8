import { TenancyOptionsError, TenantNotFoundError } from '../tenancy.errors.js';
import { assertConfigVersion } from './config-version.js';
import { mergeConfig } from './merge-config.js';
import type { Tenant, TenantInit } from './tenant.js';
import { defineTenant } from './tenant.js';
import type { TenantConfigCondition, TenantList, TenantPage, TenantStore } from './tenant-store.js';

/**
 * Tenants from a list, for tests and for services whose tenants are part of their deployment.
 *
 * @example new InMemoryTenantStore([{ id: 'acme', schema: 't_acme' }, { id: 'globex', schema: 't_globex' }])
 */
export class InMemoryTenantStore implements TenantStore {
  private readonly tenants = new Map<string, Tenant>();

  constructor(tenants: readonly TenantInit[] = []) {
    for (const tenant of tenants) this.save(tenant);
  }

  /** Adds a tenant, or replaces the one of the same id. Throws where its schema or a domain is another tenant's. */
  save(tenant: TenantInit): Tenant {
    const saved = defineTenant(tenant);
    for (const other of this.tenants.values()) if (other.id !== saved.id) assertApart(saved, other);
    this.tenants.set(saved.id, saved);
    return saved;
  }

  delete(id: string): void {
    this.tenants.delete(id);
  }

  async findById(id: string): Promise<Tenant | undefined> {
    return this.tenants.get(id);
  }

  async findByDomain(domain: string): Promise<Tenant | undefined> {
    return [...this.tenants.values()].find((tenant) => tenant.domains.includes(domain));
  }

  async list({ limit, offset }: TenantPage): Promise<TenantList> {
    const ordered = [...this.tenants.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return { tenants: ordered.slice(offset, offset + limit), total: ordered.length };
  }

  async updateConfig(
    id: string,
    patch: Readonly<Record<string, unknown>>,
    condition?: TenantConfigCondition,
  ): Promise<Tenant> {
    const tenant = this.tenants.get(id);
    if (!tenant) throw new TenantNotFoundError(id);
    assertConfigVersion(id, tenant.config, condition);
    return this.save({ ...tenant, config: mergeConfig(tenant.config, patch) });
  }
}

/** Two tenants in one schema would read each other's rows, and nothing would tell. */
function assertApart(tenant: Tenant, other: Tenant): void {
  const shared =
    tenant.schema === other.schema && tenant.database === other.database
      ? `the schema ${other.schema}`
      : other.domains.find((domain) => tenant.domains.includes(domain));
  if (shared === undefined) return;
  throw new TenancyOptionsError(`Tenant ${JSON.stringify(tenant.id)}: ${shared} is already tenant ${other.id}'s.`);
}

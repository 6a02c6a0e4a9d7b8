import type { DataSource } from 'typeorm';
import type { Tenant } from '../tenants/tenant.js';
import { placedOn } from './moving/move-parts.js';
import { findPlace } from './moving/move-places.js';

/** What was left of a tenant on one database server, and is gone. */
export interface ErasedPlace {
  readonly database: string;
  /** Whether there was a schema of the tenant's; its role is gone in any case. */
  readonly schema: boolean;
}

/** What tenants are erased with. */
export interface TenantErasureParts {
  /** The names of all database servers. */
  readonly servers: readonly string[];
  readonly systemOf: (server: string) => Pick<DataSource, 'query'>;
  /** Drops a tenant's schema, and its role, on the server that it names. */
  readonly drop: (tenant: Tenant) => Promise<void>;
  /** Forgets what is cached of a tenant. */
  readonly forget: (id: string) => Promise<void>;
}

/**
 * Erases what the database servers have of a tenant: its schema, what moves of it have left on others, its role on each of
 * them, and what is cached of it. What the registry knows is the registry's to forget, and what was exported or backed up
 * is elsewhere. Where one server does not answer, the others are done nevertheless: then it throws, and can be repeated.
 *
 * @example await app.get(TenantErasure).erase(tenant)
 */
export class TenantErasure {
  constructor(private readonly parts: TenantErasureParts) {}

  async erase(tenant: Tenant): Promise<readonly ErasedPlace[]> {
    const { servers, forget } = this.parts;
    const ends = await Promise.allSettled(servers.map((server) => this.eraseOn(server, tenant)));
    await forget(tenant.id);
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
    return ends.flatMap((end) => (end.status === 'fulfilled' && end.value ? [end.value] : []));
  }

  private async eraseOn(server: string, tenant: Tenant): Promise<ErasedPlace | undefined> {
    const { systemOf, drop } = this.parts;
    const found = await findPlace(tenant, server, systemOf(server));
    // A schema of that name may be another tenant's there.
    if (found && !found.isOwn) return undefined;
    await drop(placedOn(tenant, server));
    return { database: server, schema: found !== undefined };
  }
}

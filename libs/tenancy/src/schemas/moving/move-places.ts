import type { DataSource } from 'typeorm';
import { tenantSchemaMark } from '../../tenants/tenant-role.js';
import type { Tenant } from '../../tenants/tenant.js';
import { serverOf } from '../migrations/fleet.js';
import type { MoveMark } from './move-mark.js';
import { MOVE } from './move-mark.js';
import type { TenantMoveStatus } from './tenant-move-report.js';

/** A schema of a tenant's name on one server. */
export interface FoundPlace {
  readonly server: string;
  /** Whether it was made for this tenant. */
  readonly isOwn: boolean;
  readonly mark: MoveMark | undefined;
}

const PLACE = `
  SELECT pg_catalog.obj_description(namespace.oid, 'pg_namespace') AS owner,
         (SELECT pg_catalog.obj_description(pg_proc.oid, 'pg_proc') FROM pg_catalog.pg_proc
           WHERE pronamespace = namespace.oid AND proname = $2) AS mark
    FROM pg_catalog.pg_namespace AS namespace WHERE nspname = $1`;

/** What a server has of a tenant; `undefined` for nothing. */
export async function findPlace(
  tenant: Tenant,
  server: string,
  system: Pick<DataSource, 'query'>,
): Promise<FoundPlace | undefined> {
  const [found] = await system.query<Array<{ owner: string | null; mark: string | null }>>(PLACE, [
    tenant.schema,
    MOVE,
  ]);
  if (!found) return undefined;
  const isOwn = found.owner === tenantSchemaMark(tenant.id);
  // What another tenant's schema says is not about this one.
  return { server, isOwn, mark: isOwn && found.mark !== null ? (JSON.parse(found.mark) as MoveMark) : undefined };
}

/** Where a tenant stands, from what the registry and all servers say: nothing else is kept of a move. */
export function statusFrom(tenant: Tenant, places: readonly FoundPlace[]): TenantMoveStatus {
  const database = serverOf(tenant);
  const { id: tenantId, schema } = tenant;
  const here = places.find(({ server }) => server === database)?.mark;
  if (here?.role === 'source') {
    const { from, to, since, token } = here;
    const there = places.find(({ server, mark }) => server === to && mark?.role === 'target' && mark.token === token);
    return { tenantId, schema, database, state: there ? 'copied' : 'frozen', from, to, since };
  }
  const kept = leftBehind(tenant, places).find(({ mark }) => mark!.role === 'source');
  if (!kept) return { tenantId, schema, database, state: 'settled' };
  return { tenantId, schema, database, state: 'moved', from: kept.server, to: database, since: kept.mark!.since };
}

/** The schemas that moves have left behind on servers where the tenant does not work. */
export function leftBehind(tenant: Tenant, places: readonly FoundPlace[]): FoundPlace[] {
  return places.filter(({ server, mark }) => server !== serverOf(tenant) && mark !== undefined);
}

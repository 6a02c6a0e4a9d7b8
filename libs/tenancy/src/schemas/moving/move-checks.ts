import type { DataSource } from 'typeorm';
import { TenantMoveError } from '../../tenancy.errors.js';
import type { Tenant } from '../../tenants/tenant.js';
import { serverOf } from '../migrations/fleet.js';
import type { TenantDriftReport } from '../migrations/tenant-migrations-report.js';
import type { FoundPlace } from './move-places.js';

const MOVABLE = ['active', 'suspended'];
/** So many differences tell enough. */
const TOLD = 5;

/** Throws where a tenant cannot be moved as it is. */
export function assertMovable(tenant: Tenant, here: FoundPlace | undefined, to: string): void {
  const refuse = (reason: string) => new TenantMoveError(tenant.id, 'unchanged', reason);
  if (!MOVABLE.includes(tenant.status)) {
    throw refuse(`it is ${tenant.status}; only an active or suspended tenant can be moved.`);
  }
  const server = serverOf(tenant);
  if (!here?.isOwn) throw refuse(`it has no schema ${tenant.schema} of its own on the database server ${server}.`);
  if (here.mark?.role !== 'source' || here.mark.to === to) return;
  throw new TenantMoveError(
    tenant.id,
    'frozen',
    `a move to ${here.mark.to} was begun and not ended. Run that one again, or undo it.`,
  );
}

/** Throws where something is in the way on the server that a tenant is to be moved to. */
export function assertFree(tenant: Tenant, there: FoundPlace | undefined, to: string): void {
  if (!there || there.mark?.role === 'target') return;
  const what = `the schema ${tenant.schema} is there already on the database server ${to}`;
  throw new TenantMoveError(
    tenant.id,
    'unchanged',
    there.mark?.role === 'source'
      ? `${what}: it was kept when the tenant was moved away from there. Confirm that move first.`
      : `${what}${there.isOwn ? '' : ', and is not this tenant’s'}. Drop it, if nobody needs it.`,
  );
}

/** The migrations that ran in a schema which is as they make it. Throws where it is not. */
export function assertNoDrift(tenant: Tenant, { tenants: [drift] }: TenantDriftReport): void {
  if (drift.state === 'same') return;
  const differences = drift.differences
    .slice(0, TOLD)
    .map(({ kind, object, part, what }) => `${kind} ${part === undefined ? '' : `${part} of `}${object} is ${what}`);
  const why = drift.error?.message ?? (differences.join('; ') || drift.state);
  throw new TenantMoveError(
    tenant.id,
    'unchanged',
    `its schema is not what its migrations make, which is all that can be made on the other server: ${why}. See drift().`,
    { cause: drift.error },
  );
}

interface Ground {
  readonly encoding: string;
  readonly extensions: string[];
}

// What is found without its schema's name: that of the tenant, and the shared ones of that server.
const GROUND = `
  SELECT pg_catalog.current_setting('server_encoding') AS encoding,
         ARRAY(SELECT extname::text FROM pg_catalog.pg_extension JOIN pg_catalog.pg_namespace ON pg_namespace.oid = extnamespace
                WHERE nspname = ANY (pg_catalog.current_schemas(false)) ORDER BY 1) AS extensions`;

/** Throws where the other server lacks what the tables may be made of. */
export async function assertSameGround(
  tenant: Tenant,
  source: DataSource,
  target: DataSource,
  to: string,
): Promise<void> {
  const [[is], [other]] = await Promise.all([source.query<Ground[]>(GROUND), target.query<Ground[]>(GROUND)]);
  const missing = is.extensions.filter((name) => !other.extensions.includes(name));
  if (missing.length > 0) {
    throw new TenantMoveError(
      tenant.id,
      'unchanged',
      `the shared schemas of the database server ${to} lack the extension ${missing.join(', ')}. Let a superuser run there: ` +
        'CREATE EXTENSION … SCHEMA …; and name that schema in its sharedSchemas.',
    );
  }
  if (is.encoding === other.encoding) return;
  throw new TenantMoveError(
    tenant.id,
    'unchanged',
    `its database is in ${is.encoding}, that of the database server ${to} in ${other.encoding}.`,
  );
}

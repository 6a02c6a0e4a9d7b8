import pg from 'pg';
import { tenantIdOfMark, tenantRoleName, tenantSchemaMark } from '../../tenants/tenant-role.js';
import type { Tenant } from '../../tenants/tenant.js';
import { serverOf } from '../migrations/fleet.js';
import { SHADOW_PREFIX } from '../migrations/shadow-schema.js';
import { READY_MARK } from '../ready/ready-list.js';
import type { Examination, FoundNamespace } from './examination.js';
import { findingOn } from './examination.js';
import type { TenancyFinding } from './tenancy-finding.js';

/** What looks like the schema of a tenant, by its name. */
const LOOKS_LIKE_ONE = /^t_/;
const NEEDS_SCHEMA: ReadonlyArray<Tenant['status']> = ['active', 'suspended'];

const ROLES = 'SELECT rolname::text AS name FROM pg_catalog.pg_roles WHERE rolname = ANY ($1)';

/** Whose the schemas of a server are, by their marks and by the store. */
export async function examineSchemas(examination: Examination): Promise<TenancyFinding[]> {
  const { server, facts, tenants } = examination;
  if (!tenants) return [];
  const here = tenants.filter((tenant) => serverOf(tenant) === server.name);
  const users = new Map<string, Tenant[]>();
  for (const tenant of here) users.set(tenant.schema, [...(users.get(tenant.schema) ?? []), tenant]);
  const lost = examination.before.filter(({ name }) => !users.has(name));
  const roles = await server.system.query<Array<{ name: string }>>(ROLES, [
    lost.map(({ name }) => tenantRoleName(name, facts.database)),
  ]);
  const present = new Set(roles.map(({ name }) => name));
  const dropSql = ({ name }: FoundNamespace): string[] => {
    const role = tenantRoleName(name, facts.database);
    return [`DROP SCHEMA ${pg.escapeIdentifier(name)} CASCADE`, ...(present.has(role) ? dropRoleSql(role) : [])];
  };
  const states = new Map((await server.readySchemas()).map(({ tenant, state }) => [tenant.schema, state]));
  return [
    ...lost.flatMap((schema) => lostFinding(examination, tenants, schema, dropSql, states.get(schema.name))),
    ...[...users.values()].flatMap((all) => usedFindings(examination, all)),
  ];
}

export function dropRoleSql(role: string): string[] {
  const name = pg.escapeIdentifier(role);
  return [`DROP OWNED BY ${name}`, `DROP ROLE ${name}`];
}

/** A schema that the store places no tenant in. */
function lostFinding(
  { server, moving }: Examination,
  tenants: readonly Tenant[],
  schema: FoundNamespace,
  dropSql: (schema: FoundNamespace) => string[],
  ready: string | undefined,
): TenancyFinding[] {
  const finding = findingOn(server.name);
  const { name, mark } = schema;
  if (mark === READY_MARK) {
    if (ready === undefined || ready === 'ready') return [];
    const message = `The schema ${name} was made for a tenant to come, and is ${ready}: it is not handed out.`;
    return [finding(ready === 'ahead' ? 'info' : 'warning', 'READY_SCHEMA_STALE', name, message, dropSql(schema))];
  }
  if (name.startsWith(SHADOW_PREFIX)) {
    const message = `The schema ${name} was made to try migrations in, and its run ended without rolling it back.`;
    return [finding('warning', 'SHADOW_SCHEMA_LEFT', name, message, dropSql(schema))];
  }
  const id = tenantIdOfMark(mark);
  if (id !== undefined) {
    const tenant = tenants.find((one) => one.id === id);
    if (tenant && moving.has(id)) {
      const message =
        `The schema ${name} of tenant ${id}, who is on ${serverOf(tenant)}, is of a move: one that is under way, or one that ` +
        'waits for TenantMoves.confirm() or undo(). TenantMoves.status() says which.';
      return [finding('info', 'MOVE_UNSETTLED', name, message)];
    }
    if (tenant?.status === 'provisioning') {
      const message =
        `The schema ${name} was made for tenant ${id}, who is being made: it may be given it at this moment. Where that was ` +
        'interrupted, repeat it, and look again.';
      return [finding('info', 'SCHEMA_ORPHANED', name, message)];
    }
    const elsewhere = tenant && `has the schema ${tenant.schema} on ${serverOf(tenant)}`;
    const message =
      `The schema ${name} was made for tenant ${id}, who ${elsewhere ?? 'is not in the store'}. ` +
      'Nobody reaches it. Look at what is in it before you drop it.';
    return [finding('warning', 'SCHEMA_ORPHANED', name, message, dropSql(schema))];
  }
  if (!LOOKS_LIKE_ONE.test(name) || mark !== null) return [];
  const message =
    `The schema ${name} is called like that of a tenant, is marked as nobody's, and the store does not have it. ` +
    'Look at what is in it before you drop it.';
  return [finding('warning', 'SCHEMA_UNMARKED', name, message, dropSql(schema))];
}

/** The schema of a tenant, or of several. */
function usedFindings({ server, after }: Examination, all: readonly Tenant[]): TenancyFinding[] {
  const finding = findingOn(server.name);
  const [{ schema }] = all;
  if (all.length > 1) {
    const ids = all.map(({ id }) => id).join(', ');
    const message = `The store gives the schema ${schema} to ${ids}: they read each other's rows. Give each a schema of its own.`;
    return [finding('error', 'SCHEMA_SHARED', schema, message)];
  }
  const [tenant] = all;
  const found = after.find(({ name }) => name === schema);
  if (!found) {
    if (!NEEDS_SCHEMA.includes(tenant.status)) return [];
    const message =
      `The schema ${schema} of tenant ${tenant.id} is not there, and the tenant is ${tenant.status}. Restore it from a backup, ` +
      'or make an empty one with TenantSchemaService.create().';
    return [finding('error', 'SCHEMA_MISSING', schema, message)];
  }
  if (found.mark === tenantSchemaMark(tenant.id)) return [];
  const says = found.mark === null ? 'has no mark' : `is marked ${JSON.stringify(found.mark)}`;
  const message =
    `The store gives the schema ${schema} to tenant ${tenant.id}, and it ${says}: it is neither migrated nor dropped. ` +
    (found.mark === null ? 'Where what is in it is the tenant’s, mark it.' : 'Give the tenant another schema.');
  const mark = pg.escapeLiteral(tenantSchemaMark(tenant.id));
  const mend = found.mark === null ? [`COMMENT ON SCHEMA ${pg.escapeIdentifier(schema)} IS ${mark}`] : [];
  return [finding('error', 'SCHEMA_FOREIGN', schema, message, mend)];
}

import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { TenantSchemaError } from '../tenancy.errors.js';
import type { Tenant } from '../tenants/tenant.js';
import type { RoleGround } from './role-ground.js';

interface Member {
  readonly name: string;
  readonly inherits: boolean;
  readonly isMember: boolean;
  /** Whether it was given rights of its own to the schema, as it is with `isolation: 'schema'`. */
  readonly hasRights: boolean;
}

const MEMBERS = `
  SELECT rolname AS name, rolinherit AND NOT rolsuper AS inherits,
         pg_catalog.pg_has_role(member.oid, $1, $2) AS "isMember",
         nspowner <> member.oid AND EXISTS (
           SELECT FROM pg_catalog.aclexplode(nspacl) AS acl WHERE acl.grantee = member.oid) AS "hasRights"
    FROM pg_catalog.pg_roles AS member, pg_catalog.pg_namespace WHERE rolname = ANY ($3) AND nspname = $4`;

/**
 * Lets roles take on the role of a tenant, with SET ROLE only: nobody has its rights without asking for them. What rights
 * of their own they have to the schema is taken from them.
 */
export async function admitMembers(
  tenant: Tenant,
  role: string,
  names: readonly string[],
  ground: RoleGround,
  runner: QueryRunner,
): Promise<void> {
  const privilege = ground.hasGrantOptions ? 'SET' : 'MEMBER';
  const found = await runner.manager.query<Member[]>(MEMBERS, [role, privilege, names, tenant.schema]);
  for (const name of names) {
    const member = found.find((one) => one.name === name);
    if (!member) throw new TenantSchemaError(tenant.schema, `There is no database role ${name}; grantTo names it.`);
    assertNoHeir(tenant, member, ground);
    if (member.hasRights) await revokeOwnRights(tenant, member, runner);
    if (!member.isMember) await runner.query(admitSql(role, name, ground));
  }
}

/**
 * A condition in SQL: all of the named roles are there, may take on the role, would not inherit it, and have no rights of
 * their own to the schema. `names` and `role` are expressions.
 */
export function areAdmittedSql(
  { schema }: Tenant,
  names: string,
  role: string,
  { hasGrantOptions, maker, login }: RoleGround,
): string {
  const privilege = hasGrantOptions ? 'SET' : 'MEMBER';
  const own = `ARRAY[${pg.escapeLiteral(maker)}, ${pg.escapeLiteral(login)}]::pg_catalog.name[]`;
  const inherits = hasGrantOptions ? 'false' : `member.rolinherit AND NOT member.rolsuper AND name <> ALL (${own})`;
  return `NOT EXISTS (
    SELECT FROM pg_catalog.unnest(${names}) AS name LEFT JOIN pg_catalog.pg_roles AS member ON member.rolname = name
     WHERE member.oid IS NULL OR NOT pg_catalog.pg_has_role(member.oid, ${role}, '${privilege}') OR (${inherits})
        OR EXISTS (
          SELECT FROM pg_catalog.pg_namespace, pg_catalog.aclexplode(nspacl) AS acl
           WHERE nspname = ${pg.escapeLiteral(schema)} AND nspowner <> member.oid AND acl.grantee = member.oid))`;
}

/** The owner of the schemas may inherit: it has all these rights anyway. */
function assertNoHeir(tenant: Tenant, { name, inherits }: Member, { hasGrantOptions, maker, login }: RoleGround): void {
  if (hasGrantOptions || !inherits || name === maker || name === login) return;
  const member = pg.escapeIdentifier(name);
  throw new TenantSchemaError(
    tenant.schema,
    `The database role ${member} would have the rights of every tenant at once: before PostgreSQL 16 a role that inherits ` +
      `has those of all roles it is a member of. Mend it with: ALTER ROLE ${member} NOINHERIT;`,
  );
}

async function revokeOwnRights(tenant: Tenant, { name }: Member, runner: QueryRunner): Promise<void> {
  const member = pg.escapeIdentifier(name);
  const schema = pg.escapeIdentifier(tenant.schema);
  await runner.query(`REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} FROM ${member}`);
  await runner.query(`REVOKE ALL ON ALL SEQUENCES IN SCHEMA ${schema} FROM ${member}`);
  await runner.query(`REVOKE ALL ON SCHEMA ${schema} FROM ${member}`);
}

/** What lets a role take on the role of a tenant. */
export function admitSql(
  role: string,
  member: string,
  { hasGrantOptions }: Pick<RoleGround, 'hasGrantOptions'>,
): string {
  const options = hasGrantOptions ? ' WITH INHERIT FALSE, SET TRUE' : '';
  return `GRANT ${pg.escapeIdentifier(role)} TO ${pg.escapeIdentifier(member)}${options}`;
}

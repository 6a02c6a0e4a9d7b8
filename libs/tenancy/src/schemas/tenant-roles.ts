import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { TenantSchemaError } from '../tenancy.errors.js';
import { tenantRoleMark, tenantRoleName } from '../tenants/tenant-role.js';
import type { Tenant } from '../tenants/tenant.js';
import type { RoleGround } from './role-ground.js';
import { groundOf } from './role-ground.js';
import { admitMembers, areAdmittedSql } from './role-members.js';

/**
 * The database roles of tenants. Each may use its own schema and read and write what is in it, and owns nothing: what its
 * statements may do is what the server lets it do. Nobody logs in as one; who is a member takes it on for a transaction.
 */
export class TenantRoles {
  constructor(
    /** The schemas that every tenant on the server of this one may use. */
    private readonly sharedSchemasOf: (tenant: Tenant) => readonly string[] | undefined = () => undefined,
    private readonly migrationsTable = 'migrations',
  ) {}

  /**
   * Makes a tenant's role where it is missing, gives it what is in the schema now, and lets the login role and the roles
   * that are named take it on. Those lose what rights of their own they were given to the schema.
   */
  async provide(tenant: Tenant, members: readonly string[], runner: QueryRunner): Promise<void> {
    const ground = await groundOf(runner);
    const role = tenantRoleName(tenant.schema, ground.database);
    const mark = await markOf(role, runner);
    if (mark === undefined) await create(tenant, role, ground, runner);
    else if (mark !== tenantRoleMark(tenant.id, ground.database)) throw foreign(tenant, role);
    for (const sql of this.grants(tenant, ground)) await runner.query(sql);
    await this.assertShared(tenant, role, runner);
    await admitMembers(tenant, role, [...new Set([ground.login, ...members])], ground, runner);
  }

  /** Drops a tenant's role, and what it owns: temporary tables of others. A role that was not made for the tenant stays. */
  async drop(tenant: Tenant, runner: QueryRunner): Promise<void> {
    const ground = await groundOf(runner);
    const role = tenantRoleName(tenant.schema, ground.database);
    if ((await markOf(role, runner)) !== tenantRoleMark(tenant.id, ground.database)) return;
    const name = pg.escapeIdentifier(role);
    // Only who has the rights of a role may drop what it owns, and the login role has them only as that role.
    await runner.query(`SET LOCAL ROLE ${name}`);
    await runner.query('DROP OWNED BY CURRENT_USER');
    await runner.query('SET LOCAL role TO DEFAULT');
    await runner.query(`DROP ROLE ${name}`);
  }

  /** Makes a role that is marked for one the other's; the schema of both is the same. */
  async hand(from: Tenant, to: Tenant, runner: QueryRunner): Promise<void> {
    const { database } = await groundOf(runner);
    const role = tenantRoleName(to.schema, database);
    if ((await markOf(role, runner)) !== tenantRoleMark(from.id, database)) return;
    const mark = pg.escapeLiteral(tenantRoleMark(to.id, database));
    await runner.query(`COMMENT ON ROLE ${pg.escapeIdentifier(role)} IS ${mark}`);
  }

  /** What gives a tenant's role what is in its schema now. */
  grants(tenant: Tenant, { database }: Pick<RoleGround, 'database'>): string[] {
    const schema = pg.escapeIdentifier(tenant.schema);
    const to = pg.escapeIdentifier(tenantRoleName(tenant.schema, database));
    const migrations = `${schema}.${pg.escapeIdentifier(this.migrationsTable)}`;
    return [
      `GRANT USAGE ON SCHEMA ${schema} TO ${to}`,
      // TRUNCATE is what Repository.clear() sends.
      `GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA ${schema} TO ${to}`,
      `GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO ${to}`,
      // Which migrations ran is not the tenant's to say.
      `REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ${migrations} FROM ${to}`,
    ];
  }

  /** A condition in SQL: there is nothing for `provide()` to do but `grants()`. */
  isProvidedSql(tenant: Tenant, members: readonly string[], ground: RoleGround): string {
    const role = pg.escapeLiteral(tenantRoleName(tenant.schema, ground.database));
    const mark = pg.escapeLiteral(tenantRoleMark(tenant.id, ground.database));
    return `EXISTS (
      SELECT FROM pg_catalog.pg_roles AS role
       WHERE role.rolname = ${role} AND pg_catalog.shobj_description(role.oid, 'pg_authid') = ${mark}
         AND NOT EXISTS (
           SELECT FROM pg_catalog.pg_namespace
            WHERE nspname = ANY (${arraySql(this.sharedSchemasOf(tenant) ?? [])})
              AND NOT pg_catalog.has_schema_privilege(role.oid, oid, 'USAGE'))
         AND ${areAdmittedSql(tenant, arraySql([...new Set([ground.login, ...members])]), 'role.oid', ground)})`;
  }

  /**
   * A shared schema is everybody's: a right of each tenant's own would make a list that the server reads at every use of it,
   * and that two who make tenants at once cannot both write.
   */
  private async assertShared(tenant: Tenant, role: string, runner: QueryRunner): Promise<void> {
    const [missing] = await runner.manager.query<Array<{ name: string }>>(
      `SELECT nspname AS name FROM pg_catalog.pg_namespace
        WHERE nspname = ANY ($1) AND NOT pg_catalog.has_schema_privilege($2, oid, 'USAGE')`,
      [this.sharedSchemasOf(tenant) ?? [], role],
    );
    if (!missing) return;
    throw new TenantSchemaError(
      tenant.schema,
      `The tenants' roles may not use the shared schema ${missing.name}. Let its owner run: ` +
        `GRANT USAGE ON SCHEMA ${pg.escapeIdentifier(missing.name)} TO PUBLIC; and GRANT SELECT for tables that all may read.`,
    );
  }
}

function arraySql(names: readonly string[]): string {
  return `ARRAY[${names.map((name) => pg.escapeLiteral(name)).join(', ')}]::pg_catalog.name[]`;
}

/** The comment of a role, empty where it has none; `undefined` where there is no such role. */
async function markOf(role: string, runner: QueryRunner): Promise<string | undefined> {
  const [found] = await runner.manager.query<Array<{ mark: string | null }>>(
    `SELECT pg_catalog.shobj_description(oid, 'pg_authid') AS mark FROM pg_catalog.pg_roles WHERE rolname = $1`,
    [role],
  );
  return found && (found.mark ?? '');
}

async function create(tenant: Tenant, role: string, ground: RoleGround, runner: QueryRunner): Promise<void> {
  if (!ground.mayCreate) {
    const maker = pg.escapeIdentifier(ground.maker);
    throw new TenantSchemaError(
      tenant.schema,
      `The database role ${maker} may not make the role of tenant ${tenant.id}, which isolation: 'role' needs. ` +
        `Mend it with: ALTER ROLE ${maker} CREATEROLE;`,
    );
  }
  for (const sql of createRoleSql(tenant, role, ground)) await runner.query(sql);
}

/** What makes a tenant's role. */
export function createRoleSql(tenant: Tenant, role: string, { database }: Pick<RoleGround, 'database'>): string[] {
  const name = pg.escapeIdentifier(role);
  const mark = pg.escapeLiteral(tenantRoleMark(tenant.id, database));
  return [`CREATE ROLE ${name} NOLOGIN NOINHERIT`, `COMMENT ON ROLE ${name} IS ${mark}`];
}

function foreign(tenant: Tenant, role: string): TenantSchemaError {
  return new TenantSchemaError(
    tenant.schema,
    `The database role ${role} is there and was not made for tenant ${tenant.id}. Give the tenant another schema, or drop ` +
      'that role.',
  );
}

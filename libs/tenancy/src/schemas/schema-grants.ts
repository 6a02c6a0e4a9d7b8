import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import type { Tenant } from '../tenants/tenant.js';
import type { RoleGround } from './role-ground.js';
import type { TenantRoles } from './tenant-roles.js';

/** Lets others use what a schema has: the tenant's own role where tenants have one, else the roles of `grantTo`. */
export class SchemaGrants {
  constructor(
    private readonly grantTo: readonly string[] = [],
    /** Gives each tenant a role of its own; without it the roles of `grantTo` use the tables themselves. */
    private readonly roles?: TenantRoles,
  ) {}

  /** Gives what is in the schema now. */
  async provide(tenant: Tenant, runner: QueryRunner): Promise<void> {
    if (this.roles) await this.roles.provide(tenant, this.grantTo, runner);
    else for (const sql of this.plain(tenant)) await runner.query(sql);
  }

  async drop(tenant: Tenant, runner: QueryRunner): Promise<void> {
    await this.roles?.drop(tenant, runner);
  }

  /**
   * The same as statements without parameters, and what has to hold for them to be all that there is to do: a condition in
   * SQL.
   */
  asSql(tenant: Tenant, ground: RoleGround): { readonly sql: readonly string[]; readonly condition: string } {
    if (!this.roles) return { sql: this.plain(tenant), condition: 'true' };
    return {
      sql: this.roles.grants(tenant, ground),
      condition: this.roles.isProvidedSql(tenant, this.grantTo, ground),
    };
  }

  private plain(tenant: Tenant): string[] {
    const schema = pg.escapeIdentifier(tenant.schema);
    return this.grantTo
      .map(pg.escapeIdentifier)
      .flatMap((role) => [
        `GRANT USAGE ON SCHEMA ${schema} TO ${role}`,
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`,
        `GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role}`,
      ]);
  }
}

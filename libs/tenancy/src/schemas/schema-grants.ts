import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { tenantRoleName } from '../tenants/tenant-role.js';
import type { Tenant } from '../tenants/tenant.js';
import { isNobodyYet } from '../tenants/tenant.js';
import type { RoleGround } from './role-ground.js';
import { groundOf } from './role-ground.js';
import type { TenantRoles } from './tenant-roles.js';

/** Lets others use what a schema has: the tenant's own role where tenants have one, else the roles of `grantTo`. */
export class SchemaGrants {
  constructor(
    private readonly grantTo: readonly string[] = [],
    /** Gives each tenant a role of its own; without it the roles of `grantTo` use the tables themselves. */
    private readonly roles?: TenantRoles,
  ) {}

  /** Gives what is in the schema now. What is nobody's yet stays closed: who is to use it gets in once it is a tenant's. */
  async provide(tenant: Tenant, runner: QueryRunner): Promise<void> {
    if (this.roles) await this.roles.provide(tenant, this.grantTo, runner);
    else for (const sql of this.plain(tenant)) await runner.query(sql);
    if (isNobodyYet(tenant)) for (const sql of this.closing(tenant, await groundOf(runner))) await runner.query(sql);
  }

  /** Gives what was made for one to another, in the same schema. */
  async hand(from: Tenant, to: Tenant, runner: QueryRunner): Promise<void> {
    await this.roles?.hand(from, to, runner);
    await this.provide(to, runner);
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

  private closing({ schema }: Tenant, { database }: RoleGround): string[] {
    const users = this.roles ? [tenantRoleName(schema, database)] : this.grantTo;
    return users.map(
      (role) => `REVOKE USAGE ON SCHEMA ${pg.escapeIdentifier(schema)} FROM ${pg.escapeIdentifier(role)}`,
    );
  }

  private plain(tenant: Tenant): string[] {
    return this.grantTo.flatMap((role) => plainGrants(tenant, role));
  }
}

/** What gives a role what is in a tenant's schema now. */
export function plainGrants(tenant: Tenant, role: string): string[] {
  const [schema, to] = [tenant.schema, role].map(pg.escapeIdentifier);
  return [
    `GRANT USAGE ON SCHEMA ${schema} TO ${to}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${to}`,
    `GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO ${to}`,
  ];
}

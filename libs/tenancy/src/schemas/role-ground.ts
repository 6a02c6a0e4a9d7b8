import type { QueryRunner } from 'typeorm';

/** Where roles of tenants are made, and by whom. */
export interface RoleGround {
  readonly database: string;
  readonly login: string;
  /** The role that the statements run as: the login role, unless that takes on another one by itself. */
  readonly maker: string;
  readonly mayCreate: boolean;
  /** Whether a membership says by itself whether it inherits: from PostgreSQL 16 on. */
  readonly hasGrantOptions: boolean;
}

const GROUND = `
  SELECT pg_catalog.current_database() AS database, session_user AS login, current_user AS maker,
         rolsuper OR rolcreaterole AS "mayCreate",
         pg_catalog.current_setting('server_version_num')::int >= 160000 AS "hasGrantOptions"
    FROM pg_catalog.pg_roles WHERE rolname = current_user`;

export async function groundOf(runner: QueryRunner): Promise<RoleGround> {
  const [ground] = await runner.manager.query<RoleGround[]>(GROUND);
  return ground;
}

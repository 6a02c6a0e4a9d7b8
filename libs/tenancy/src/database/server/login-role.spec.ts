import pg from 'pg';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
import { tenantRoleMark } from '../../tenants/tenant-role.js';
import type { LoginRoleUse } from './login-role.js';
import { loginRoleWarnings } from './login-role.js';

const database = useTestDatabase();
const role: LoginRoleUse = { isolation: 'role' };
let app: string;
let tenantRole: string;

beforeAll(() => {
  app = database.appRole;
  tenantRole = `"t_acme@${new URL(database.url).pathname.slice(1)}"`;
});
afterEach(async () => {
  await database.query(`DROP SCHEMA IF EXISTS t_acme`);
  await database.query(`DROP ROLE IF EXISTS ${tenantRole}`);
  await database.query(`ALTER ROLE ${app} NOBYPASSRLS NOCREATEROLE INHERIT`);
  await database.query(`ALTER ROLE ${app} SET search_path = ''`);
  await database.query(`ALTER ROLE ${app} RESET standard_conforming_strings`);
});

/** What is said of a role that logs in now. */
async function warnings(use: LoginRoleUse = {}, url = database.appUrl): Promise<string> {
  const client = new pg.Client(url);
  await client.connect();
  const query = async (sql: string, values?: unknown[]) => (await client.query(sql, values)).rows;
  try {
    return (await loginRoleWarnings({ query: query as never }, use)).join('\n');
  } finally {
    await client.end();
  }
}

async function makeTenantRole(): Promise<void> {
  await database.query(`CREATE ROLE ${tenantRole}`);
  const mark = tenantRoleMark('acme', new URL(database.url).pathname.slice(1));
  await database.query(`COMMENT ON ROLE ${tenantRole} IS '${mark}'`);
  await database.query(`GRANT ${tenantRole} TO ${app}`);
}

describe('the login role', () => {
  it('has nothing said of it where it may only what it needs', async () => {
    expect(await warnings()).toBe('');
    expect(await warnings(role)).toBe('');
  });

  it('is no superuser', async () => {
    expect(await warnings({}, database.url)).toMatch(/superuser: a statement that names another tenant/);
    expect(await warnings(role, database.url)).toMatch(/superuser: what leaves a tenant's role/);
  });

  it('has an empty search_path', async () => {
    await database.query(`ALTER ROLE ${app} SET search_path = public`);
    expect(await warnings()).toContain(`ALTER ROLE "${app}" SET search_path = '';`);
  });

  it('has literals as they are read here', async () => {
    await database.query(`ALTER ROLE ${app} SET standard_conforming_strings = off`);
    expect(await warnings()).toContain(`ALTER ROLE "${app}" SET standard_conforming_strings = on;`);
  });

  it('goes round no policy', async () => {
    await database.query(`ALTER ROLE ${app} BYPASSRLS`);
    expect(await warnings()).toContain(`ALTER ROLE "${app}" NOBYPASSRLS;`);
    expect(await warnings(role)).toContain(`ALTER ROLE "${app}" NOBYPASSRLS;`);
  });
});

describe('with a role for each tenant', () => {
  const migrations = [class {}];

  it('makes roles only where it makes schemas', async () => {
    await database.query(`ALTER ROLE ${app} CREATEROLE`);
    expect(await warnings(role)).toContain(`ALTER ROLE "${app}" NOCREATEROLE;`);
    expect(await warnings({ ...role, migrations })).toBe('');
    expect(await warnings({ isolation: 'schema' })).toBe('');
  });

  it('owns tenants’ schemas only where it makes them', async () => {
    await database.query(`CREATE SCHEMA t_acme AUTHORIZATION ${app}`);
    expect(await warnings(role)).toBe('');
    await database.query("COMMENT ON SCHEMA t_acme IS 'tenant acme'");
    expect(await warnings(role)).toContain('CREATE ROLE … LOGIN NOINHERIT');
    expect(await warnings({ ...role, migrations })).toBe('');
    expect(await warnings({ isolation: 'schema' })).toBe('');
  });

  it('inherits nothing of the tenants', async () => {
    await makeTenantRole();
    expect(await warnings(role)).toContain(`ALTER ROLE "${app}" NOINHERIT;`);
    expect(await warnings({ isolation: 'schema' })).toBe('');
    await database.query(`REVOKE ${tenantRole} FROM ${app}`);
    await database.query(`ALTER ROLE ${app} NOINHERIT`);
    await database.query(`GRANT ${tenantRole} TO ${app}`);
    expect(await warnings(role)).toBe('');
  });
});

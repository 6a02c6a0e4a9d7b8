import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll } from 'vitest';

export interface TestDatabase {
  readonly url: string;
  /** The same database, logged in as a role that owns nothing and may create schemas; its search_path is empty. */
  readonly appUrl: string;
  readonly appRole: string;
  /** Runs one statement as the superuser, with no tenant. */
  query<T extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<T[]>;
  drop(): Promise<void>;
}

/** A database of its own on the run's server. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = serverUrl();
  const name = `test_${randomBytes(6).toString('hex')}`;
  const appRole = `${name}_app`;
  await once(server, `CREATE DATABASE ${name}`);
  await once(server, `CREATE ROLE ${appRole} LOGIN PASSWORD 'app' NOSUPERUSER`);
  await once(server, `ALTER ROLE ${appRole} SET search_path = ''`);
  await once(server, `GRANT CREATE, CONNECT ON DATABASE ${name} TO ${appRole}`);
  const url = onDatabase(server, name);
  const appUrl = onDatabase(server, name, { username: appRole, password: 'app' });
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  pool.on('error', () => undefined);
  return {
    url,
    appUrl,
    appRole,
    query: async (sql, values) => (await pool.query(sql, values)).rows,
    drop: async () => {
      await pool.end();
      await once(server, `DROP DATABASE ${name} WITH (FORCE)`);
      await dropTenantRoles(server, name);
      await once(server, `DROP ROLE ${appRole}`);
    },
  };
}

/** A database for the tests of one file or describe: dropped when they are green, kept when they are red. */
export function useTestDatabase(): TestDatabase {
  let database: TestDatabase | undefined;
  let isRed = false;
  const opened = (): TestDatabase => {
    if (!database) throw new Error('The test database is there from beforeAll() on.');
    return database;
  };
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterEach(({ task }) => {
    isRed ||= task.result?.state === 'fail';
  });
  afterAll(async () => {
    if (isRed) console.warn(`Kept for a look: ${database?.url}`);
    else await database?.drop();
  });
  return {
    get url() {
      return opened().url;
    },
    get appUrl() {
      return opened().appUrl;
    },
    get appRole() {
      return opened().appRole;
    },
    query: (sql, values) => opened().query(sql, values),
    drop: () => opened().drop(),
  };
}

/** Where the run's server is, as a superuser. */
export function serverUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) throw new Error('TEST_DATABASE_URL is set by the global set-up of the test run.');
  return url;
}

function onDatabase(server: string, name: string, login: { username?: string; password?: string } = {}): string {
  return Object.assign(new URL(server), { pathname: `/${name}`, ...login }).href;
}

/** Roles belong to the server: those of the tenants in a database stay when it goes. */
async function dropTenantRoles(server: string, database: string): Promise<void> {
  const roles = await once<{ name: string }>(
    server,
    `SELECT rolname AS name FROM pg_roles WHERE shobj_description(oid, 'pg_authid') LIKE 'tenant % of database ${database}'`,
  );
  for (const { name } of roles) await once(server, `DROP ROLE ${pg.escapeIdentifier(name)}`);
}

async function once<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

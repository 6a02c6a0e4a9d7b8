import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { Eye, tenantRole, tenantSchemas } from './eye.mjs';
import { SERVERS } from './owners.mjs';

const names = new Set();

/** A name for databases of one's own. It is also the name of the role that logs in. */
export function newDatabaseName() {
  const name = `prove_${randomBytes(4).toString('hex')}`;
  names.add(name);
  return name;
}

/** Two databases, as if of two servers, whose rows say whose they are; and an eye on each that does not need the library. */
export async function createProveDatabase(serverUrl, name) {
  await once(
    serverUrl,
    `CREATE ROLE ${name} LOGIN PASSWORD 'prove';
     -- Whether a commit survives a loss of power is not what is proven here.
     ALTER ROLE ${name} SET synchronous_commit = off;
     ALTER ROLE ${name} SET search_path = '';
     CREATE ROLE ${borrowedRole(name)};
     GRANT ${borrowedRole(name)} TO ${name};`,
  );
  const databases = {};
  const urls = {};
  const eyes = {};
  for (const server of SERVERS) {
    const database = databaseOn(server, name);
    await once(serverUrl, `CREATE DATABASE ${database}`);
    const url = Object.assign(new URL(serverUrl), { pathname: `/${database}` });
    eyes[server] = new Eye(url.href);
    await eyes[server].open(server, name, database);
    databases[server] = database;
    urls[server] = Object.assign(url, { username: name, password: 'prove' }).href;
  }
  const { rows } = await eyes.default.query("SELECT current_setting('server_version_num')::int AS version");
  return {
    urls,
    databases,
    eyes,
    borrowedRole: borrowedRole(name),
    /** Whether the server tells each change of a search_path, so that a user's own one is refused. */
    reportsPath: rows[0].version >= 180_000,
    kill: (pid) => eyes.default.query('SELECT pg_terminate_backend($1)', [pid]),
    killAll: () =>
      eyes.default.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [name]),
    close: () => Promise.all(Object.values(eyes).map((eye) => eye.close())),
  };
}

/** Drops what was made under a name, as far as it is there. */
export async function dropProveDatabase(serverUrl, name) {
  const roles = [name, borrowedRole(name)];
  for (const server of SERVERS) {
    const database = databaseOn(server, name);
    await once(serverUrl, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    roles.push(...tenantSchemas().map((schema) => tenantRole(schema, database)));
  }
  await once(serverUrl, `DROP ROLE IF EXISTS ${roles.join(', ')}`);
}

/** Drops all that was made under names of `newDatabaseName`, for a run that is interrupted. */
export async function dropProveDatabases(serverUrl) {
  await Promise.allSettled([...names].map((name) => dropProveDatabase(serverUrl, name)));
}

/** A role that the login role may take on. */
const borrowedRole = (name) => `${name}_borrowed`;

const databaseOn = (server, name) => (server === 'default' ? name : `${name}_${server}`);

async function once(url, sql) {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

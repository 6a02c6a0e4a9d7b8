import { randomBytes } from 'node:crypto';
import { defineTenant } from 'nestjs-tenancy';
import pg from 'pg';

/** A database with a schema per tenant, each with the same table and a row that says whose it is. */
export async function createBenchDatabase(serverUrl, count) {
  const name = `bench_${randomBytes(4).toString('hex')}`;
  await once(serverUrl, `CREATE DATABASE ${name}`);
  await once(serverUrl, `CREATE ROLE ${name} LOGIN PASSWORD 'bench'`);
  await once(serverUrl, `ALTER ROLE ${name} SET search_path = ''`);
  const admin = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
  const tenants = Array.from({ length: count }, (_, n) => defineTenant({ id: `t${n}`, schema: `t_t${n}` }));
  for (let at = 0; at < count; at += 100) {
    const chunk = tenants.slice(at, at + 100).map(
      ({ id, schema }) => `
        CREATE SCHEMA ${schema} AUTHORIZATION ${name};
        CREATE TABLE ${schema}.notes (id serial PRIMARY KEY, owner text NOT NULL, body text NOT NULL);
        ALTER TABLE ${schema}.notes OWNER TO ${name};
        INSERT INTO ${schema}.notes (owner, body) SELECT '${id}', 'note ' || n FROM generate_series(1, 10) n;`,
    );
    await once(admin, chunk.join(''));
  }
  const url = Object.assign(new URL(admin), { username: name, password: 'bench' }).href;
  return {
    url,
    tenants,
    drop: async () => {
      await once(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`);
      await once(serverUrl, `DROP ROLE ${name}`);
    },
  };
}

async function once(url, sql) {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

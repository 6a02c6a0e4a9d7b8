import { defineTenant } from 'nestjs-tenancy';
import { connectAdmin } from './chaos-server.mjs';

const ROLE = 'chaos_app';
const TENANTS = ['acme', 'globex'].map((id) => defineTenant({ id, schema: `t_${id}` }));

/** A schema per tenant: notes that say whose they are, and entries, one for each insert. */
export async function createChaosDatabase(serverUrl) {
  const admin = await connectAdmin(serverUrl);
  try {
    await admin.query(`CREATE ROLE ${ROLE} LOGIN PASSWORD 'chaos'`);
    await admin.query(`ALTER ROLE ${ROLE} SET search_path = ''`);
    for (const { id, schema } of TENANTS) {
      await admin.query(`
        CREATE SCHEMA ${schema} AUTHORIZATION ${ROLE};
        CREATE TABLE ${schema}.notes (id serial PRIMARY KEY, owner text NOT NULL, body text NOT NULL);
        CREATE TABLE ${schema}.entries (key text PRIMARY KEY, owner text NOT NULL);
        ALTER TABLE ${schema}.notes OWNER TO ${ROLE};
        ALTER TABLE ${schema}.entries OWNER TO ${ROLE};
        INSERT INTO ${schema}.notes (owner, body) SELECT '${id}', 'note ' || n FROM generate_series(1, 20) n`);
    }
  } finally {
    await admin.end();
  }
  return {
    role: ROLE,
    tenants: TENANTS,
    url: Object.assign(new URL(serverUrl), { username: ROLE, password: 'chaos' }).href,
    /** What is stored, read without the library: the entries of each tenant's own schema. */
    storedEntries: () => storedEntries(serverUrl),
  };
}

async function storedEntries(serverUrl) {
  const admin = await connectAdmin(serverUrl);
  try {
    const stored = new Map();
    for (const { id, schema } of TENANTS) {
      stored.set(id, (await admin.query(`SELECT key, owner FROM ${schema}.entries`)).rows);
    }
    return stored;
  } finally {
    await admin.end();
  }
}

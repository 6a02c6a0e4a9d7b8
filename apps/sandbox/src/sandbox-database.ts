import pg from 'pg';
import type { Secrets } from './secrets.js';

/** Where each service logs in. */
export interface SandboxDatabase {
  readonly registryUrl: string;
  readonly appUrl: string;
}

const REGISTRY_ROLE = 'sandbox_registry';
export const APP_ROLE = 'sandbox_app';

/**
 * Prepares a database as production has it: the registry's role may create schemas, the communication service's role only
 * use those that it is let into, and neither is a superuser nor has a search_path to fall back to. Repeating it is safe.
 */
export async function prepareDatabase(adminUrl: string, secrets: Secrets): Promise<SandboxDatabase> {
  const client = new pg.Client(adminUrl);
  await client.connect();
  try {
    const database = pg.escapeIdentifier(client.database ?? 'postgres');
    // Two sandboxes that start at once on one server would both create the roles.
    await client.query("SELECT pg_advisory_lock(hashtextextended('sandbox', 0))");
    await ensureRole(client, REGISTRY_ROLE, secrets.registryPassword);
    await ensureRole(client, APP_ROLE, secrets.appPassword);
    await client.query(`GRANT CONNECT, CREATE ON DATABASE ${database} TO ${REGISTRY_ROLE}`);
    await client.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${REGISTRY_ROLE}`);
    // CREATE is for the schema of the queue, which the queue makes and migrates itself.
    await client.query(`GRANT CONNECT, CREATE ON DATABASE ${database} TO ${APP_ROLE}`);
    return {
      registryUrl: loginAs(adminUrl, REGISTRY_ROLE, secrets.registryPassword),
      appUrl: loginAs(adminUrl, APP_ROLE, secrets.appPassword),
    };
  } catch (error) {
    throw new Error(
      `The database cannot be prepared: ${(error as Error).message}. DATABASE_URL has to log in as a role that may create ` +
        'roles and schemas.',
      { cause: error },
    );
  } finally {
    await client.end();
  }
}

async function ensureRole(client: pg.Client, role: string, password: string): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1', [role]);
  if (rowCount === 0) await client.query(`CREATE ROLE ${role} NOSUPERUSER`);
  await client.query(`ALTER ROLE ${role} LOGIN PASSWORD ${pg.escapeLiteral(password)}`);
  await client.query(`ALTER ROLE ${role} SET search_path = ''`);
}

function loginAs(adminUrl: string, username: string, password: string): string {
  return Object.assign(new URL(adminUrl), { username, password }).href;
}

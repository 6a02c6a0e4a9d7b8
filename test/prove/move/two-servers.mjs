import { randomBytes } from 'node:crypto';
import { openPostgres, startOwnPostgres } from '../../bench/server/postgres.mjs';
import { queryOnce } from '../../bench/server/query-once.mjs';

/** A database on each of two servers: the one that TEST_DATABASE_URL names, or an embedded one, and another embedded one. */
export async function openTwoServers() {
  const [first, second] = [await openPostgres(), await startOwnPostgres(100)];
  const name = `prove_${randomBytes(4).toString('hex')}`;
  const servers = { default: first.url, eu: second.url };
  const stop = async () => {
    await Promise.allSettled(Object.values(servers).map((url) => dropDatabase(url, name)));
    await second.stop();
    await first.stop();
  };
  try {
    const databases = {};
    for (const [server, url] of Object.entries(servers)) databases[server] = await createDatabase(url, name);
    return { databases, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function createDatabase(url, name) {
  await queryOnce(url, `CREATE DATABASE ${name}`);
  await queryOnce(
    url,
    `CREATE ROLE ${name} LOGIN PASSWORD 'prove'; ALTER ROLE ${name} SET search_path = '';
     GRANT CREATE ON DATABASE ${name} TO ${name}`,
  );
  const admin = Object.assign(new URL(url), { pathname: `/${name}` }).href;
  const [{ version }] = await queryOnce(admin, "SELECT current_setting('server_version') AS version");
  await queryOnce(admin, `GRANT CREATE ON SCHEMA public TO ${name}`);
  return { url: Object.assign(new URL(admin), { username: name, password: 'prove' }).href, admin, version };
}

async function dropDatabase(url, name) {
  await queryOnce(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await queryOnce(url, `DROP ROLE IF EXISTS ${name}`);
}

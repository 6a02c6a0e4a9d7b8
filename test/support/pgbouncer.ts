import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { findFreePort } from '../../apps/sandbox/src/ports.js';
import { postgresUser } from '../../apps/sandbox/src/postgres/postgres-user.js';

export const hasPgBouncer = spawnSync('pgbouncer', ['--version']).status === 0;

export interface PgBouncer {
  /** The same database, through the pooler. */
  readonly url: string;
  stop(): Promise<void>;
}

/** PgBouncer before the database of an address, with as few server connections as are asked for. */
export async function startPgBouncer(
  databaseUrl: string,
  serverConnections: number,
  mode: 'transaction' | 'session' | 'statement' = 'transaction',
  settings = '',
): Promise<PgBouncer> {
  const target = new URL(databaseUrl);
  const name = target.pathname.slice(1);
  const directory = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-pgbouncer-'));
  const port = await findFreePort();
  await chmod(directory, 0o755);
  await writeFile(join(directory, 'users.txt'), `"${target.username}" "${target.password}"\n`);
  await writeFile(
    join(directory, 'pgbouncer.ini'),
    `[databases]
${name} = host=${target.hostname} port=${target.port || 5432} dbname=${name}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${join(directory, 'users.txt')}
pool_mode = ${mode}
default_pool_size = ${serverConnections}
max_client_conn = 200
${settings}
`,
  );
  // PgBouncer refuses to run as root.
  const user = userInfo().uid === 0 ? await postgresUser() : undefined;
  const child = spawn('pgbouncer', ['-q', join(directory, 'pgbouncer.ini')], { stdio: 'ignore', ...user });
  const url = Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${port}` }).href;
  await answers(url);
  return {
    url,
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const client = new pg.Client(url);
    try {
      await client.connect();
      return await client.end();
    } catch (error) {
      if (attempt === 100) throw error;
      await delay(50);
    }
  }
}

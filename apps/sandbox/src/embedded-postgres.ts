import { rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { assertPortFree, findFreePort } from './ports.js';
import { locateDataFolder, openDataFolder } from './postgres/data-folder.js';
import { findPostgresBinaries } from './postgres/postgres-binaries.js';
import { postgresUser } from './postgres/postgres-user.js';
import { waitUntilUnused } from './postgres/running-server.js';
import { type ServerProcess, ServerStartError, startServer } from './postgres/server-process.js';

export interface EmbeddedPostgresOptions {
  /** The data folder. Made when it does not exist or is empty; started with its data when it has some. */
  readonly directory: string;
  /** Whether the data folder is kept after {@link EmbeddedPostgres.stop}. */
  readonly persistent: boolean;
  /** On 127.0.0.1. @defaultValue a free one */
  readonly port?: number;
  /** What the user sets to choose another port, for the error when it is taken. @defaultValue `'port'` */
  readonly portVariable?: string;
  /** Whether what is committed survives a loss of power. Tests are faster without. @defaultValue `true` */
  readonly durable?: boolean;
  /** @defaultValue `200` */
  readonly maxConnections?: number;
  /** More of postgresql.conf, over everything that is set here. @defaultValue `{}` */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Told when the data is in another folder than `directory`. @defaultValue writes to stderr */
  readonly notice?: (message: string) => void;
}

export interface EmbeddedPostgres {
  /** Of the superuser `postgres` and the database `postgres`. */
  readonly url: string;
  readonly port: number;
  /** Where the data is: `directory` of the options, unless the server cannot reach that. */
  readonly directory: string;
  /** Resolves when the server has ended, stopped or by itself. */
  readonly exited: Promise<void>;
  /** Ends the connections and the server. Does nothing the second time. */
  stop(): Promise<void>;
}

/**
 * Starts a PostgreSQL server of its own, from the binaries that `npm ci` brought, on 127.0.0.1. It ends with
 * {@link EmbeddedPostgres.stop}, or by itself when this process dies. As root the server runs as the system user
 * `postgres`; where that user cannot enter the way to `directory`, the data is kept under /var/tmp.
 *
 * @example
 * const server = await startEmbeddedPostgres({ directory: '.sandbox/postgres', persistent: true });
 * const pool = new Pool({ connectionString: server.url });
 * // …
 * await server.stop();
 */
export async function startEmbeddedPostgres({
  directory: requested,
  persistent,
  port: wantedPort,
  portVariable = 'port',
  durable = true,
  maxConnections = 200,
  settings = {},
  notice = console.warn,
}: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const user = await postgresUser();
  const binaries = await findPostgresBinaries(user);
  const { directory, isFallback } = await locateDataFolder(requested, user);
  if (isFallback) {
    notice(`The user "postgres" cannot enter ${dirname(resolve(requested))}. PostgreSQL's data is in ${directory}.`);
  }
  await waitUntilUnused(directory);
  // Only now: a server that was waited for had the same one.
  if (wantedPort !== undefined) await assertPortFree(wantedPort, portVariable);
  const password = await openDataFolder(directory, binaries, user, durable);
  const { server, port } = await startOnPort(wantedPort, (candidate) =>
    startServer({
      binaries,
      directory,
      port: candidate,
      user,
      removeWhenAbandoned: !persistent,
      settings: {
        listen_addresses: '127.0.0.1',
        // A folder of sockets would be one more that `postgres` has to reach, and two servers could collide in it.
        unix_socket_directories: '',
        // What is found in its output, see startServer, must not depend on the machine.
        log_destination: 'stderr',
        lc_messages: 'C',
        timezone: 'UTC',
        max_connections: maxConnections,
        ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
        ...settings,
      },
    }),
  );

  let stopped: Promise<void> | undefined;
  const stop = async () => {
    await server.stop();
    if (!persistent) await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  };
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    port,
    directory,
    exited: server.exited,
    stop: () => (stopped ??= stop()),
  };
}

/** Tries again what passes by itself: a lost race for a free port, and a killed server's processes that still end. */
async function startOnPort(
  wanted: number | undefined,
  start: (port: number) => Promise<ServerProcess>,
): Promise<{ server: ServerProcess; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = wanted ?? (await findFreePort());
    try {
      return { server: await start(port), port };
    } catch (error) {
      const passing = error instanceof ServerStartError && attempt < 20;
      const lostRace = wanted === undefined && /could not create any TCP\/IP sockets/.test(String(error));
      const stillEnding = /is still in use/.test(String(error));
      if (!passing || !(lostRace || stillEnding)) throw error;
      if (stillEnding) await delay(250);
    }
  }
}

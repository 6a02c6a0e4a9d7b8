import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { withDeadline } from './deadline.js';
import type { ChangeChannel } from './keep-watching.js';
import { NoChannelError } from './keep-watching.js';

/** What the trigger of the registry's table notifies, with the id of the tenant as the payload. */
export const CHANGES_CHANNEL = 'nestjs_tenancy_changes';

// A server that is gone without a word is noticed after two of them.
const HEARTBEAT = 5_000;

/** Listens for changes of the registry's table on a connection of its own, until that ends. */
export async function listenForChanges(config: pg.ClientConfig, channel: ChangeChannel): Promise<void> {
  const client = new pg.Client({ connectionTimeoutMillis: 10_000, ...config, keepAlive: true });
  const ended = new Promise<Error>((resolve) => {
    client.on('error', resolve);
    client.on('end', () => resolve(new Error('The connection that listens for changes was closed.')));
  });
  const listening = async (): Promise<Error> => {
    await client.connect();
    await assertOwnSession(client);
    // Channels are the whole database's: anybody can notify, and only an id comes of it that is looked up again.
    client.on('notification', ({ payload = '' }) => channel.changed(payload));
    await client.query(`LISTEN ${CHANGES_CHANNEL}`);
    channel.ready();
    return silent(client, channel.signal);
  };
  try {
    throw await Promise.race([ended, stopped(channel.signal), listening()]);
  } finally {
    // Without a good-bye where the server does not answer.
    await withDeadline(client.end(), 1_000, 'The server').catch(() => undefined);
  }
}

/** Behind a transaction pooler LISTEN would be said to a session that is given to others. */
async function assertOwnSession(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_catalog.pg_backend_pid() AS pid');
  if (rows[0].pid === (client as unknown as { processID: number }).processID) return;
  throw new NoChannelError(
    'Changes of tenants cannot be listened for behind a pooler. Give TypeOrmTenantStore `watch`, an address that leads ' +
      'straight to the server; until then a change is seen when cache.ttl is over.',
  );
}

function stopped(signal: AbortSignal): Promise<Error> {
  return new Promise((resolve) => {
    const stop = (): void => resolve(new Error('Nobody listens any more.'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** Resolves when the server does not answer any more. */
async function silent(client: pg.Client, signal: AbortSignal): Promise<Error> {
  try {
    for (;;) {
      await delay(HEARTBEAT, undefined, { signal, ref: false });
      await withDeadline(client.query('SELECT 1'), HEARTBEAT, 'The server that tells of changes');
    }
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

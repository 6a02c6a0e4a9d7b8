import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { runInScope } from '../../context/tenancy-scope.js';
import { TenancyOptionsError } from '../../tenancy.errors.js';
import { withDeadline } from '../../tenants/deadline.js';
import type { Tenant } from '../../tenants/tenant.js';
import type { ServerTraits } from '../binding/bound-client.js';
import type { PgClientState } from '../binding/pg-internals.js';

const DEADLINE_MS = 10_000;
const OLDEST_VERSION = 15;

/** A server that is looked at when the module starts. */
export interface ProbedServer {
  /** What errors call it. */
  readonly title: string;
  readonly traits: ServerTraits;
  readonly pool: { connect(): Promise<pg.PoolClient> };
  /** On how many connections at once. */
  readonly connections: number;
  /** A tenant that nobody is, bound to a schema that is not there. */
  invent(schema: string): Tenant;
}

interface Answer {
  readonly path: string;
  readonly pid: number;
  readonly product: string;
  readonly version: number;
}

interface Probe {
  readonly schema: string;
  readonly client: pg.PoolClient;
  query(text: string, values?: unknown[]): Promise<pg.QueryResult<Answer>>;
}

const LOOK = `
  SELECT pg_catalog.current_setting('search_path') AS path, pg_catalog.pg_backend_pid() AS pid,
         pg_catalog.version() AS product, pg_catalog.current_setting('server_version_num')::int AS version`;
const LOOK_EXTENDED = `${LOOK} WHERE $1::bool`;

/**
 * Finds out whether each connection leads to a server process of its own, and makes sure that what a statement is bound
 * to arrives with it, alone, and does not stay: over the pool of the service, on several connections at once, each bound
 * to a path of its own. Throws `TenancyOptionsError` where it does not hold, or where the server is not one that can.
 */
export async function probeBinding(server: ProbedServer): Promise<void> {
  const probes = await connectAll(server);
  let failed = true;
  try {
    await withDeadline(probe(server, probes), DEADLINE_MS, server.title);
    failed = false;
  } catch (error) {
    if (error instanceof TenancyOptionsError) throw error;
    throw refusal(server, `a statement that was bound failed: ${messageOf(error)}`, error);
  } finally {
    for (const { client } of probes) client.release(failed);
  }
}

async function probe(server: ProbedServer, probes: readonly Probe[]): Promise<void> {
  const each = <T>(look: (probe: Probe) => Promise<T>): Promise<T[]> => Promise.all(probes.map(look));
  const seen = await each(async (probe) => answerOf(server, probe, await probe.query(LOOK_EXTENDED, [true])));
  seen.forEach((answer) => assertVersion(server, answer));
  // A pooler makes up the process that it tells a client of, and may answer each transaction from another one.
  server.traits.isDirect = seen.every(
    ({ pid }, at) => pid === (probes[at].client as unknown as PgClientState).processID,
  );
  await each(async (probe) => {
    await probe.query('BEGIN');
    answerOf(server, probe, await probe.query(LOOK_EXTENDED, [true]));
    answerOf(server, probe, await probe.query(LOOK));
    await probe.query('ROLLBACK');
    // Again, now that a connection to a process of its own has prepared what binds.
    answerOf(server, probe, await probe.query(LOOK_EXTENDED, [true]));
    answerOf(server, probe, await probe.query(LOOK));
  });
  const left = await each(async ({ client }) => unboundPath(client));
  const found = left.find((path) => probes.some(({ schema }) => path.includes(schema)));
  if (found === undefined) return;
  throw refusal(server, `the search_path ${found} of a statement was still set in the session when it was over`);
}

async function connectAll({ pool, connections, invent }: ProbedServer): Promise<Probe[]> {
  const schemas = Array.from({ length: connections }, () => `probe_${randomBytes(8).toString('hex')}`);
  const attempts = await Promise.allSettled(
    schemas.map(async (schema): Promise<Probe> => {
      const scope = { tenant: invent(schema) };
      const client = await runInScope(scope, () => pool.connect());
      return { schema, client, query: (text, values) => runInScope(scope, () => client.query(text, values)) };
    }),
  );
  const probes = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
  const [failure] = attempts.flatMap((attempt) => (attempt.status === 'rejected' ? [attempt.reason as unknown] : []));
  // Where the server has no more than a few connections left, those will do.
  if (probes.length > 0) return probes;
  throw failure;
}

/** What a statement was answered, once it is certain that it ran with the path that it was sent with. */
function answerOf(server: ProbedServer, { schema }: Probe, { rows }: pg.QueryResult<Answer>): Answer {
  const [answer] = rows;
  if (!answer)
    throw refusal(server, 'the answer to what binds a statement was lost, or taken for that of the statement');
  // PostgreSQL leaves out quotes that it does not need.
  const [first] = answer.path.replaceAll('"', '').split(', ');
  if (first === schema) return answer;
  throw refusal(server, `a statement that was sent with the search_path ${schema} ran with ${answer.path || 'none'}`);
}

/** As a statement would find it that is not bound: past everything that binds one. */
async function unboundPath(client: pg.PoolClient): Promise<string> {
  const query = pg.Client.prototype.query as (this: pg.ClientBase, text: string) => Promise<pg.QueryResult<Answer>>;
  const { rows } = await query.call(client, LOOK);
  return rows[0]?.path ?? '';
}

function assertVersion({ title }: ProbedServer, { product, version }: Answer): void {
  if (product.startsWith('PostgreSQL') && version >= OLDEST_VERSION * 10_000) return;
  throw new TenancyOptionsError(`${title} is ${product}. It has to be PostgreSQL ${OLDEST_VERSION} or newer.`);
}

function refusal({ title }: ProbedServer, seen: string, cause?: unknown): TenancyOptionsError {
  return new TenancyOptionsError(
    `${title} cannot be used: ${seen}. Another tenant's tables would be within reach. Connect straight to PostgreSQL, or ` +
      'through a pooler that passes the protocol on as it is and keeps a transaction on one server connection (PgBouncer: ' +
      'pool_mode = transaction or session, not statement).',
    { cause },
  );
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}

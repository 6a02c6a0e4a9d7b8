import pg from 'pg';
import type { DataSource } from 'typeorm';
import { MOVE } from '../moving/move-mark.js';
import type { Examination, FoundNamespace, ServerFacts } from './examination.js';
import { findingOn } from './examination.js';
import type { TenancyFinding } from './tenancy-finding.js';

const OLDEST_VERSION = 150_000;

const FACTS = `
  SELECT pg_catalog.current_database()::text AS database, pg_catalog.version() AS product, session_user::text AS login,
         pg_catalog.current_setting('server_version_num')::int AS version,
         pg_catalog.current_setting('max_connections')::int AS "maxConnections",
         pg_catalog.current_setting('superuser_reserved_connections')::int
           + COALESCE(pg_catalog.current_setting('reserved_connections', true)::int, 0) AS reserved,
         (SELECT rolconnlimit FROM pg_catalog.pg_roles WHERE rolname = session_user) AS "loginLimit",
         (SELECT datconnlimit FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) AS "databaseLimit"`;

const NAMESPACES = `
  SELECT nspname::text AS name, pg_catalog.obj_description(oid, 'pg_namespace') AS mark,
         (SELECT pg_catalog.obj_description(pg_proc.oid, 'pg_proc') FROM pg_catalog.pg_proc
           WHERE pronamespace = pg_namespace.oid AND proname = $1 AND pronargs = 0) AS move
    FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY oid`;

export async function readFacts(system: DataSource): Promise<ServerFacts> {
  const [facts] = await system.query<[ServerFacts]>(FACTS);
  return facts;
}

export async function readNamespaces(system: DataSource): Promise<FoundNamespace[]> {
  return system.query<FoundNamespace[]>(NAMESPACES, [MOVE]);
}

/** What kind of a server it is, and whether it lets in as many connections as may come. */
export async function examineServer({ server, facts, use }: Examination): Promise<TenancyFinding[]> {
  const finding = findingOn(server.name);
  const findings: TenancyFinding[] = [];
  if (facts.version < OLDEST_VERSION) {
    const message = `The server is ${facts.product}. It has to be PostgreSQL 15 or newer.`;
    findings.push(finding('error', 'SERVER_OUTDATED', 'server_version', message));
  }
  if (!server.isDirect) {
    const message =
      'Connections lead to a pooler: what only a session can do (LISTEN, outsideTransaction(), CREATE INDEX CONCURRENTLY in a ' +
      'migration) is refused. Give what migrates the address of the server itself.';
    findings.push(finding('info', 'SERVER_BEHIND_POOLER', facts.database, message));
  }
  return [...findings, ...connectionFindings(server.name, facts, server.poolSize, use.instances)];
}

function connectionFindings(
  name: string,
  { database, login, maxConnections, reserved, loginLimit, databaseLimit }: ServerFacts,
  poolSize: number,
  instances: number,
): TenancyFinding[] {
  const finding = findingOn(name);
  const wanted = poolSize * instances;
  const asked = `${instances} ${instances === 1 ? 'instance' : 'instances'} with a pool of ${poolSize} may ask for ${wanted}`;
  const short = (object: string, limit: number, mend: string, more = '') =>
    finding(
      'warning',
      'CONNECTIONS_SHORT',
      object,
      `${asked} connections, and ${object} lets in ${limit}: the others are refused. Make database.poolSize smaller, or raise it${more}.`,
      [mend],
    );
  const role = pg.escapeIdentifier(login);
  return [
    ...(wanted > maxConnections - reserved
      ? [
          short(
            'max_connections',
            maxConnections - reserved,
            `ALTER SYSTEM SET max_connections = ${wanted + reserved}`,
            ' and start the server anew',
          ),
        ]
      : []),
    ...(loginLimit >= 0 && wanted > loginLimit
      ? [short(`the role ${login}`, loginLimit, `ALTER ROLE ${role} CONNECTION LIMIT ${wanted}`)]
      : []),
    ...(databaseLimit >= 0 && wanted > databaseLimit
      ? [
          short(
            `the database ${database}`,
            databaseLimit,
            `ALTER DATABASE ${pg.escapeIdentifier(database)} CONNECTION LIMIT ${wanted}`,
          ),
        ]
      : []),
  ];
}

import pg from 'pg';
import { tenantIdOfMark } from '../../tenants/tenant-role.js';
import type { Examination } from './examination.js';
import { findingOn } from './examination.js';
import type { TenancyFinding } from './tenancy-finding.js';

interface SharedSchema {
  readonly name: string;
  readonly isThere: boolean;
  readonly isOpen: boolean;
  readonly writers: readonly string[];
}

interface Extension {
  readonly name: string;
  readonly schema: string;
  readonly mark: string | null;
  readonly relocatable: boolean;
}

// 'public' is every role: with roles of tenants nobody else's right is theirs.
const SHARED = `
  SELECT name, namespace.oid IS NOT NULL AS "isThere",
         COALESCE(pg_catalog.has_schema_privilege($2, namespace.oid, 'USAGE'), false) AS "isOpen",
         ARRAY(SELECT CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(grantee)::text END
                 FROM pg_catalog.aclexplode(nspacl)
                WHERE privilege_type = 'CREATE' AND (grantee = 0 OR pg_catalog.pg_get_userbyid(grantee) = ANY ($3))
                  AND grantee <> nspowner) AS writers
    FROM pg_catalog.unnest($1::text[]) AS name LEFT JOIN pg_catalog.pg_namespace AS namespace ON nspname = name`;

const EXTENSIONS = `
  SELECT extname AS name, nspname AS schema, pg_catalog.obj_description(namespace.oid, 'pg_namespace') AS mark,
         extrelocatable AS relocatable
    FROM pg_catalog.pg_extension JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = extnamespace
   WHERE nspname <> 'pg_catalog' AND nspname <> ALL ($1) ORDER BY 1`;

/** The schemas that all tenants read, and the extensions that should be in one of them. */
export async function examineSharedSchemas({ server, facts, use }: Examination): Promise<TenancyFinding[]> {
  const finding = findingOn(server.name);
  const findings: TenancyFinding[] = [];
  const reader = use.isolation === 'role' ? 'public' : facts.login;
  const shared = await server.system.query<SharedSchema[]>(SHARED, [
    server.sharedSchemas,
    reader,
    [facts.login, ...use.grantTo],
  ]);
  for (const { name, isThere, isOpen, writers } of shared) {
    const schema = pg.escapeIdentifier(name);
    const grantee = use.isolation === 'role' ? 'PUBLIC' : pg.escapeIdentifier(reader);
    const open = `GRANT USAGE ON SCHEMA ${schema} TO ${grantee}`;
    if (!isThere) {
      const message = `sharedSchemas names ${name}, which is not there: tenants do not find what should be in it.`;
      findings.push(finding('error', 'SHARED_SCHEMA_MISSING', name, message, [`CREATE SCHEMA ${schema}`, open]));
    } else if (!isOpen) {
      const message = `${use.isolation === 'role' ? "The tenants' roles" : `The database role ${grantee}`} may not use the shared schema ${name}.`;
      findings.push(finding('error', 'SHARED_SCHEMA_CLOSED', name, message, [open]));
    }
    for (const writer of writers) {
      const who = writer === 'PUBLIC' ? 'Every role' : `The database role ${pg.escapeIdentifier(writer)}`;
      const from = writer === 'PUBLIC' ? writer : pg.escapeIdentifier(writer);
      const message = `${who} may make tables and functions in the shared schema ${name}, which all tenants would find.`;
      findings.push(
        finding('error', 'SHARED_SCHEMA_WRITABLE', name, message, [`REVOKE CREATE ON SCHEMA ${schema} FROM ${from}`]),
      );
    }
  }
  const extensions = await server.system.query<Extension[]>(EXTENSIONS, [server.sharedSchemas]);
  return [...findings, ...extensions.map((extension) => extensionFinding(server, extension))];
}

function extensionFinding(
  { name: database, sharedSchemas }: Examination['server'],
  { name, schema, mark, relocatable }: Extension,
): TenancyFinding {
  const finding = findingOn(database);
  const [home = 'extensions'] = sharedSchemas;
  const move = relocatable
    ? [`ALTER EXTENSION ${pg.escapeIdentifier(name)} SET SCHEMA ${pg.escapeIdentifier(home)}`]
    : [];
  const how = [
    ...(relocatable
      ? []
      : [`It cannot be moved: drop it, and create it again WITH SCHEMA ${pg.escapeIdentifier(home)}.`]),
    ...(sharedSchemas.length > 0 ? [] : [`Make a schema ${home} for it, and name that in sharedSchemas.`]),
  ];
  if (tenantIdOfMark(mark) !== undefined) {
    const message = [
      `The extension ${name} is in the schema ${schema} of a tenant: it goes when that is dropped, and no other finds it.`,
      ...how,
    ].join(' ');
    return finding('error', 'EXTENSION_IN_TENANT_SCHEMA', name, message, move);
  }
  const message = [
    `The extension ${name} is in the schema ${schema}, where no tenant finds it. Where the system alone uses it, that is well.`,
    ...how,
  ].join(' ');
  return finding('info', 'EXTENSION_OUT_OF_REACH', name, message, move);
}

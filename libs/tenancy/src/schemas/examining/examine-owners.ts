import pg from 'pg';
import type { Examination } from './examination.js';
import { findingOn } from './examination.js';
import { tenantsWithSchema } from './examine-grants.js';
import type { TenancyFinding } from './tenancy-finding.js';

interface ForeignProperty {
  readonly schema: string;
  /** Whether the schema itself is another's. */
  readonly isSchema: boolean;
  readonly relations: readonly string[];
}

// The sequence of a column is its table's owner's.
const FOREIGN = `
  SELECT * FROM (
    SELECT nspname::text AS schema, NOT pg_catalog.pg_has_role(session_user, nspowner, 'USAGE') AS "isSchema",
           ARRAY(SELECT relname::text FROM pg_catalog.pg_class AS class
                  WHERE relnamespace = namespace.oid AND relkind IN ('r', 'p', 'v', 'm', 'S')
                    AND NOT pg_catalog.pg_has_role(session_user, relowner, 'USAGE')
                    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend
                                     WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND objid = class.oid
                                       AND relkind = 'S' AND deptype IN ('a', 'i')
                                       AND refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass)
                  ORDER BY 1) AS relations
      FROM pg_catalog.pg_namespace AS namespace WHERE nspname = ANY ($1)) AS owned
   WHERE "isSchema" OR relations <> '{}'`;

/** Whether who migrates the schemas owns them and what is in them: no one else may change a table. */
export async function examineOwners(examination: Examination): Promise<TenancyFinding[]> {
  const { server, facts, use } = examination;
  if (!use.makesSchemas) return [];
  const tenants = tenantsWithSchema(examination).map(({ schema }) => schema);
  const found = await server.system.query<ForeignProperty[]>(FOREIGN, [tenants]);
  const login = pg.escapeIdentifier(facts.login);
  return found.map(({ schema, isSchema, relations }) => {
    const what = [...(isSchema ? ['the schema itself'] : []), ...relations].join(', ');
    const message = `In the schema ${schema} the database role ${login}, which migrates it, does not own: ${what}.`;
    const name = pg.escapeIdentifier(schema);
    return findingOn(server.name)('error', 'SCHEMA_NOT_OWNED', schema, message, [
      ...(isSchema ? [`ALTER SCHEMA ${name} OWNER TO ${login}`] : []),
      ...relations.map((relation) => `ALTER TABLE ${name}.${pg.escapeIdentifier(relation)} OWNER TO ${login}`),
    ]);
  });
}

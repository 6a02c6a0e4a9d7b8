import fc from 'fast-check';
import { OWNERS } from '../owners.mjs';
import { ENTRANCES } from '../stage.mjs';
import { refused } from '../violation.mjs';

const STATEMENTS = {
  reads: ({ schema }) => [`SELECT owner, body FROM ${schema}.notes`],
  'reads with parameters': ({ schema }) => [`SELECT owner, body FROM ${schema}.notes WHERE id > $1`, [0]],
  writes: ({ schema }) => [`INSERT INTO ${schema}.notes (owner, body) VALUES ($1, 'foreign')`, ['nobody']],
  removes: ({ schema }) => [`DELETE FROM ${schema}.notes`],
};

/** With a role of its own, a tenant is refused what it names; without, only the rights of the login role count. */
const nameAnother = {
  name: 'name the schema of somebody else',
  weight: 2,
  parameters: {
    by: fc.constantFrom(...ENTRANCES),
    how: fc.constantFrom(...Object.keys(STATEMENTS)),
    inTransaction: fc.boolean(),
  },
  run: async (stage, { how, inTransaction, ...op }) => {
    if (!stage.hasRole(op.who)) return;
    const [sql, values] = STATEMENTS[how](OWNERS[op.other]);
    await refused(['42501'], () =>
      stage.enter(op, (source) =>
        inTransaction ? source.transaction((manager) => manager.query(sql, values)) : source.query(sql, values),
      ),
    );
  },
};

const ESCAPES = [
  'SET ROLE NONE',
  'RESET ROLE',
  'SET LOCAL ROLE NONE',
  'set "role" to none',
  'SET SESSION AUTHORIZATION DEFAULT',
  'RESET ALL',
  'DISCARD ALL',
  'SELECT 1; RESET ROLE',
  "SELECT set_config('role', 'none', true)",
  "DO $$ BEGIN EXECUTE 'RESET ROLE'; END $$",
  "EXECUTE nestjs_tenancy_bind('public, pg_temp', NULL)",
  'SELECT begin atomic FROM (VALUES (1)) AS v(begin); COMMIT; SELECT body FROM notes',
  "UPDATE pg_settings SET setting = 'off' WHERE name = 'standard_conforming_strings'",
];

const leaveRole = {
  name: 'leave the role',
  weight: 1,
  parameters: { by: fc.constantFrom(...ENTRANCES), sql: fc.constantFrom(...ESCAPES), inTransaction: fc.boolean() },
  run: async (stage, { sql, inTransaction, ...op }) => {
    if (!stage.hasRole(op.who)) return;
    await refused(['STATEMENT_UNSUPPORTED'], () =>
      stage.enter(op, (source) =>
        inTransaction ? source.transaction((manager) => manager.query(sql)) : source.query(sql),
      ),
    );
  },
};

export const ROLES = [nameAnother, leaveRole];

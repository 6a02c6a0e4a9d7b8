import pg from 'pg';
import { BYSTANDERS, OWNERS, ownerOn, SEEDS } from './owners.mjs';

/** The schemas of tenants that have one. */
export const tenantSchemas = () => [...SCHEMAS.filter((schema) => schema !== 'public'), 't_halfmade'];

/** The role of a tenant's own, as the library names it: quoted, with a letter that needs it. */
export const tenantRole = (schema, database) => `"${schema}@${database}"`;

const SCHEMAS = Object.values(OWNERS).map(({ schema }) => schema);

/** A superuser's own connection to a database of the proof: it sees what is there, past the library. */
export class Eye {
  constructor(url) {
    this.client = new pg.Client(url);
    // Whoever waits for an answer is told.
    this.client.on('error', () => undefined);
  }

  /** Makes what the proof works on; `role` is who the library logs in as. */
  async open(server, role, database) {
    this.server = server;
    await this.client.connect();
    await this.client.query(DATABASE(role));
    for (const schema of tenantSchemas())
      await this.client.query(TENANT_ROLE(tenantRole(schema, database), schema, role));
    this.tables = await this.tablesNow();
  }

  query(sql, values) {
    return this.client.query(sql, values);
  }

  /** Puts the rows back that everything begins with. */
  reset(isPlaced) {
    // The ids begin anew: the row of an id is another one with each owner.
    const rows = Object.values(OWNERS).map(({ id, schema }) => {
      const owner = ownerOn(this.server, id, isPlaced);
      return `
        DELETE FROM ${schema}.notes; SELECT setval('${schema}.notes_id_seq', 1, false);
        DELETE FROM ${schema}.replies; SELECT setval('${schema}.replies_id_seq', 1, false);
        INSERT INTO ${schema}.notes (owner, body) VALUES ${SEEDS.map((body) => `('${owner}', '${body}')`).join(', ')};
        INSERT INTO ${schema}.replies (owner, body, "noteId") SELECT owner, body, id FROM ${schema}.notes;`;
    });
    return this.client.query(rows.join(''));
  }

  /** What lies where: `owner: body` of each row, by table. */
  async rows() {
    const { rows } = await this.client.query(EVERYTHING);
    return new Map(rows.map(({ place, rows: found }) => [place, found]));
  }

  /** The tables that are there and were not in the beginning, or the other way round. */
  async changedTables() {
    const now = await this.tablesNow();
    return [...now].filter((name) => !this.tables.has(name)).concat([...this.tables].filter((name) => !now.has(name)));
  }

  /** After a violation: the next case begins with the tables of the beginning. */
  async repair() {
    for (const name of await this.tablesNow()) {
      if (!this.tables.has(name)) await this.client.query(`DROP TABLE ${name} CASCADE`);
    }
  }

  async tablesNow() {
    const { rows } = await this.client.query(`
      SELECT relnamespace::regnamespace || '.' || relname AS name FROM pg_class
       WHERE relkind IN ('r', 'v', 'm', 'S') AND relnamespace::regnamespace::text !~ '^(?:pg_|information_schema$)'`);
    return new Set(rows.map(({ name }) => name));
  }

  close() {
    return this.client.end();
  }
}

const PLACES = SCHEMAS.flatMap((schema) => [`${schema}.notes`, `${schema}.replies`]).concat(
  BYSTANDERS.map(({ place }) => place),
);
const EVERYTHING = PLACES.map(
  (place) => `SELECT '${place}' AS place, coalesce(array_agg(owner || ': ' || body), '{}') AS rows FROM ${place}`,
).join(' UNION ALL ');

const TABLES = (schema, role) => `
  CREATE TABLE ${schema}.notes (id serial PRIMARY KEY, owner text NOT NULL, body text NOT NULL);
  CREATE TABLE ${schema}.replies (id serial PRIMARY KEY, owner text NOT NULL, body text NOT NULL, "noteId" int);
  ALTER TABLE ${schema}.notes OWNER TO ${role};
  ALTER TABLE ${schema}.replies OWNER TO ${role};`;

// What TenantSchemaService would give it; and it may end a connection of its own, which some operations do.
const TENANT_ROLE = (name, schema, login) => `
  CREATE ROLE ${name} NOLOGIN;
  GRANT ${name} TO ${login};
  GRANT pg_signal_backend TO ${name};
  GRANT USAGE ON SCHEMA ${schema} TO ${name};
  GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA ${schema} TO ${name};
  GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO ${name};`;

const made = [...tenantSchemas(), 't_bystander'];

const DATABASE = (role) => `
  ${made.map((schema) => `CREATE SCHEMA ${schema} AUTHORIZATION ${role};`).join('\n')}
  ${[...SCHEMAS, 't_bystander'].map((schema) => TABLES(schema, role)).join('')}
  CREATE TABLE public.only_public (owner text NOT NULL, body text NOT NULL);
  ALTER TABLE public.only_public OWNER TO ${role};
  ${BYSTANDERS.map(({ place, owner, body }) => `INSERT INTO ${place} (owner, body) VALUES ('${owner}', '${body}');`).join('\n')}
  CREATE SCHEMA shared;
  GRANT USAGE ON SCHEMA shared TO PUBLIC;
  CREATE FUNCTION shared.all_notes() RETURNS TABLE (owner text, body text) LANGUAGE plpgsql
    AS 'BEGIN RETURN QUERY SELECT n.owner, n.body FROM notes n; END';
  CREATE PROCEDURE shared.add_note(owner text, body text) LANGUAGE plpgsql
    AS 'BEGIN INSERT INTO notes (owner, body) VALUES ($1, $2); END';`;

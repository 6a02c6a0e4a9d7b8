import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { TenantSchemaError } from '../../tenancy.errors.js';
import { nameOf } from './row-sql.js';

/** A table that has rows of its own. */
export interface TableContents {
  readonly name: string;
  /** Its columns in their order, but those that the server computes. */
  readonly columns: readonly TableColumn[];
}

export interface WholeTable extends TableContents {
  /** Whether its rows are those of its partitions. */
  readonly isPartitioned: boolean;
}

export interface TableColumn {
  readonly name: string;
  readonly type: string;
}

/** What is in a schema, beyond what its migrations make. */
export interface SchemaContents {
  /** What somebody who reads the schema takes for its tables: one that has partitions is one of them, its partitions are not. */
  readonly wholes: readonly WholeTable[];
  /** Partitions are tables of their own here, and what they are partitions of has no rows. */
  readonly tables: readonly TableContents[];
  readonly sequences: readonly string[];
  /** Those that were filled, each after what it was made of. */
  readonly materializedViews: readonly string[];
}

interface FoundRelation {
  readonly name: string;
  readonly kind: 'r' | 'p' | 'S' | 'm' | 'f';
  readonly isFilled: boolean;
  readonly isPartition: boolean;
  readonly hasForcedPolicies: boolean;
  readonly columns: TableColumn[] | null;
}

const RELATIONS = `
  SELECT relname AS name, relkind::text AS kind, relispopulated AS "isFilled", relispartition AS "isPartition",
         relrowsecurity AND relforcerowsecurity AS "hasForcedPolicies",
         (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
                   'name', attname, 'type', pg_catalog.format_type(atttypid, atttypmod)) ORDER BY attnum)
            FROM pg_catalog.pg_attribute
           WHERE attrelid = class.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '') AS columns
    FROM pg_catalog.pg_class AS class
   WHERE relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1) AND relkind IN ('r', 'p', 'S', 'm', 'f')
   ORDER BY CASE WHEN relkind = 'm' THEN class.oid END, relname COLLATE "C"`;

/** What has to be taken along to have all of a schema's rows. Throws `TenantSchemaError` where that cannot be told. */
export async function readContents(schema: string, runner: QueryRunner): Promise<SchemaContents> {
  const found = await runner.manager.query<FoundRelation[]>(RELATIONS, [schema]);
  const refused = found.map((one) => refusalOf(one)).find((reason) => reason !== undefined);
  if (refused !== undefined) throw new TenantSchemaError(schema, `The schema ${schema} cannot be copied: ${refused}`);
  const ofKind = (kind: FoundRelation['kind']) => found.filter((one) => one.kind === kind);
  const wholes = found.filter(({ kind, isPartition }) => (kind === 'r' || kind === 'p') && !isPartition);
  return {
    wholes: wholes.map(({ name, columns, kind }) => ({ name, columns: columns ?? [], isPartitioned: kind === 'p' })),
    tables: ofKind('r').map(({ name, columns }) => ({ name, columns: columns ?? [] })),
    sequences: ofKind('S').map(({ name }) => name),
    materializedViews: ofKind('m').flatMap(({ name, isFilled }) => (isFilled ? [name] : [])),
  };
}

function refusalOf({ name, kind, hasForcedPolicies }: FoundRelation): string | undefined {
  if (kind === 'f') return `${name} is a foreign table, whose rows are elsewhere. Drop it first.`;
  if (!hasForcedPolicies) return undefined;
  return (
    `the policies of ${name} hold for its owner too, so that rows may be hidden. ` +
    `Run: ALTER TABLE ${pg.escapeIdentifier(name)} NO FORCE ROW LEVEL SECURITY;`
  );
}

const REFERENCES = `
  SELECT relname AS table, attname AS column
    FROM pg_catalog.pg_class AS class JOIN pg_catalog.pg_attribute ON attrelid = class.oid
    JOIN pg_catalog.pg_type AS type ON type.oid = atttypid
   WHERE relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1) AND relkind = 'r' AND attnum > 0
     AND NOT attisdropped AND (atttypid = 'pg_catalog.oid'::pg_catalog.regtype OR typname = 'lo')`;

/** Large objects are the database's, not a schema's: a row would be taken along and what it names would not. */
export async function assertNoLargeObjects(schema: string, runner: QueryRunner): Promise<void> {
  const columns = await runner.manager.query<Array<{ table: string; column: string }>>(REFERENCES, [schema]);
  for (const { table, column } of columns) {
    const name = pg.escapeIdentifier(column);
    const [found] = await runner.manager.query<unknown[]>(
      `SELECT FROM ONLY ${nameOf(schema, table)} WHERE ${name}::pg_catalog.oid IN (SELECT oid FROM pg_catalog.pg_largeobject_metadata)
        LIMIT 1`,
    );
    if (!found) continue;
    throw new TenantSchemaError(
      schema,
      `The schema ${schema} cannot be copied: ${table}.${column} names large objects, which are in no schema. Keep their ` +
        'contents in a bytea column.',
    );
  }
}

/** How far a sequence has counted. */
export interface Counter {
  readonly name: string;
  readonly value: string;
  readonly isCalled: boolean;
}

export async function readCounters(
  schema: string,
  { sequences }: SchemaContents,
  runner: QueryRunner,
): Promise<Counter[]> {
  const counters: Counter[] = [];
  for (const name of sequences) {
    const [counter] = await runner.manager.query<[Omit<Counter, 'name'>]>(
      `SELECT last_value::text AS value, is_called AS "isCalled" FROM ${nameOf(schema, name)}`,
    );
    counters.push({ name, ...counter });
  }
  return counters;
}

import pg from 'pg';
import type { TableContents, WholeTable } from './schema-contents.js';

/** A name in a schema, as SQL. */
export function nameOf(schema: string, name: string): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
}

/** COPY … TO STDOUT of a table's own rows, columns in their order. */
export function copyOutSql(schema: string, table: TableContents): string {
  return `COPY ${nameOf(schema, table.name)} ${listOf(table)} TO STDOUT`;
}

/** The same of all its rows, for people: with a heading, and in a form that other programs read too. */
export function exportSql(schema: string, { name, columns, isPartitioned }: WholeTable): string {
  const list = columns.map((column) => pg.escapeIdentifier(column.name)).join(', ');
  const rows = `SELECT ${list} FROM ${isPartitioned ? '' : 'ONLY '}${nameOf(schema, name)}`;
  return `COPY (${rows}) TO STDOUT (FORMAT csv, HEADER)`;
}

export function copyInSql(schema: string, table: TableContents): string {
  return `COPY ${nameOf(schema, table.name)} ${listOf(table)} FROM STDIN`;
}

/** A table without columns has rows as well. */
function listOf({ columns }: TableContents): string {
  return columns.length === 0 ? '' : `(${columns.map(({ name }) => pg.escapeIdentifier(name)).join(', ')})`;
}

/** The settings that values are written by: the same on every server, whatever its login role was given. */
export const TEXT_SETTINGS: readonly string[] = [
  `SET LOCAL "DateStyle" TO 'ISO, YMD'`,
  `SET LOCAL "IntervalStyle" TO 'postgres'`,
  `SET LOCAL "TimeZone" TO 'UTC'`,
  'SET LOCAL extra_float_digits TO 1',
  `SET LOCAL bytea_output TO 'hex'`,
  `SET LOCAL lc_monetary TO 'C'`,
  `SET LOCAL xmlbinary TO 'base64'`,
  // Rows that a policy hides are an error, not rows that are not there.
  'SET LOCAL row_security TO off',
];

/**
 * Nothing cuts off what takes as long as there are rows; and where the other end is gone without a word, the server finds out
 * within half a minute: until then its locks stay.
 */
export const NO_LIMITS: readonly string[] = [
  'SET LOCAL statement_timeout TO 0',
  'SET LOCAL idle_in_transaction_session_timeout TO 0',
  'SET LOCAL tcp_keepalives_idle TO 10',
  'SET LOCAL tcp_keepalives_interval TO 5',
  'SET LOCAL tcp_keepalives_count TO 3',
];

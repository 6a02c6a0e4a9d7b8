import type pg from 'pg';
import type { PgDataRow } from './pg-internals.js';

type Parser = (value: string) => unknown;
export type Row = Record<string, unknown>;

/** Whoever knows how a value of a type is read: pg's types, with the overrides of a client. */
export interface TypeParsers {
  getTypeParser(oid: number, format?: 'text' | 'binary'): Parser;
}

/**
 * The columns of a result, with what makes rows of them. Statements repeat, and so do their columns: an object that is
 * copied for each row is made once for all results with the same names.
 */
export class RowShape {
  private readonly names: readonly string[];
  private readonly empty: Row;

  constructor(fields: readonly pg.FieldDef[]) {
    this.names = fields.map(({ name }) => name);
    // Own data properties, whatever a column is called: assigning to `__proto__` would set the prototype.
    this.empty = Object.fromEntries(this.names.map((name) => [name, null]));
  }

  fits(fields: readonly pg.FieldDef[]): boolean {
    const { names } = this;
    if (names.length !== fields.length) return false;
    for (let at = 0; at < names.length; at += 1) if (names[at] !== fields[at].name) return false;
    return true;
  }

  /** A row as an object. Of columns with the same name the last one counts, as in pg. */
  object({ fields }: PgDataRow, parsers: readonly Parser[]): Row {
    const { names } = this;
    const row = { ...this.empty };
    for (let at = 0; at < fields.length; at += 1) {
      const value = fields[at];
      row[names[at]] = value === null ? null : parsers[at](value as string);
    }
    return row;
  }
}

/** A row as the list of its values. */
export function listOf({ fields }: PgDataRow, parsers: readonly Parser[]): unknown[] {
  return fields.map((value, at) => (value === null ? null : parsers[at](value as string)));
}

export function parsersOf(fields: readonly pg.FieldDef[], types: TypeParsers): Parser[] {
  return fields.map(({ dataTypeID, format }) => {
    if (format !== 'binary') return types.getTypeParser(dataTypeID, 'text');
    const parse = types.getTypeParser(dataTypeID, 'binary') as unknown as (value: Buffer) => unknown;
    // A copy: what arrived is written over by what arrives next.
    return (value) => parse(Buffer.from(value as unknown as Buffer));
  });
}

import type { DataSource } from 'typeorm';

/** The table that an application keeps its tenants in. */
export interface RegistryTable {
  readonly dataSource: Pick<DataSource, 'query' | 'transaction'>;
  /** How many connections there are. */
  readonly poolSize: number;
  /** The table with its schema, quoted. */
  readonly tenants: string;
  /** The table of who changed what, quoted. */
  readonly audit: string;
}

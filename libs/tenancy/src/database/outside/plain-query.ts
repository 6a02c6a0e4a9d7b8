import type { Tenant } from '../../tenants/tenant.js';

// Without pg's types, which are a package of their own: an application that has none of them still compiles.

/** Runs a statement as it is, and answers with its rows. */
export type PlainQuery = <Row extends object = Record<string, unknown>>(
  sql: string,
  values?: unknown[],
) => Promise<Row[]>;

/** Whoever runs statements that PostgreSQL does not run in a transaction. */
export interface PlainQueryRunner {
  /** Runs work as a tenant, or as whom the running code runs as. */
  run<T>(tenant: Tenant | undefined, work: (query: PlainQuery) => Promise<T>): Promise<T>;
  /** Runs work in a tenant's schema, with the rights of whoever owns what is in it. */
  runAsOwner<T>(tenant: Tenant, work: (query: PlainQuery) => Promise<T>): Promise<T>;
}

import pg from 'pg';
import { DataSource } from 'typeorm';
import { insertAndRead, noteSchemas, readOwner, withRunner } from './notes.mjs';
import { poolOptions } from './pool.mjs';

/** How many are initialised at once. */
const AT_ONCE = 8;

/** The schema in every name, and a DataSource for each. They share a pool: with one each the server would be full. */
export async function openDataSourcePerTenant({ url, tables }) {
  const { Pool, end } = openSharedPool(url);
  const known = new Map();
  const manager = (tenant) => known.get(tenant.id).dataSource.manager;
  return {
    know: async (tenants) => {
      const unknown = tenants.filter(({ id }) => !known.has(id));
      const initialize = async () => {
        for (let tenant = unknown.pop(); tenant; tenant = unknown.pop()) {
          const notes = noteSchemas(tables, tenant.schema);
          known.set(tenant.id, { notes, dataSource: await openTenantDataSource(url, tenant, notes, Pool) });
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, initialize));
    },
    read: (tenant, table) => readOwner(manager(tenant), known.get(tenant.id).notes[table]),
    transaction: (tenant, table) => {
      const { dataSource, notes } = known.get(tenant.id);
      return withRunner(dataSource, (runner) => insertAndRead(runner, tenant, notes[table]));
    },
    close: end,
  };
}

/** A `Pool` for the `driver` option of several DataSources: whoever makes one gets the same. */
export function openSharedPool(url) {
  const { poolSize, extra } = poolOptions;
  const pool = new pg.Pool({ connectionString: url, max: poolSize, ...extra });
  pool.on('error', () => undefined);
  class SharedPool {
    constructor() {
      return Object.create(pool, { end: { value: (done) => done() }, on: { value: () => undefined } });
    }
  }
  return { Pool: SharedPool, end: () => pool.end() };
}

/** A DataSource of one tenant, with a pool that is shared, or one of its own. */
export function openTenantDataSource(url, { schema }, entities, Pool = pg.Pool) {
  const options = { type: 'postgres', url, schema, entities, installExtensions: false };
  return new DataSource({ ...options, driver: { ...pg, Pool } }).initialize();
}

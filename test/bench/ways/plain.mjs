import { AsyncLocalStorage } from 'node:async_hooks';
import { benchTenant } from '../server/bench-tenants.mjs';
import { insertAndRead, noteSchemas, readOwner, withRunner } from './notes.mjs';
import { openDataSource } from './pool.mjs';

/** No tenants at all: everything is asked of one schema, the first tenant's. */
export async function openPlain({ url, tables }) {
  const notes = noteSchemas(tables);
  const only = benchTenant(0);
  const options = { idleTimeoutMillis: 0, options: `-c search_path=${only.schema}` };
  const dataSource = await openDataSource({ url, entities: notes, extra: options });
  return {
    ownerOf: () => only.id,
    read: (_tenant, table) => readOwner(dataSource.manager, notes[table]),
    transaction: (_tenant, table) => withRunner(dataSource, (runner) => insertAndRead(runner, only, notes[table])),
    close: () => dataSource.destroy(),
  };
}

/** The same, each operation in an AsyncLocalStorage that nobody reads: what it costs to know whose code is running. */
export async function openPlainInContext(options) {
  const plain = await openPlain(options);
  const storage = new AsyncLocalStorage();
  return {
    ...plain,
    read: (tenant, table) => storage.run({ tenant }, () => plain.read(tenant, table)),
    transaction: (tenant, table) => storage.run({ tenant }, () => plain.transaction(tenant, table)),
  };
}

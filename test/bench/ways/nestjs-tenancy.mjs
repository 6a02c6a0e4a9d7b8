import { InMemoryTenantStore, TenantContext, TenantDataSourceFactory, TenantService } from 'nestjs-tenancy';
import { benchTenant } from '../server/bench-tenants.mjs';
import { insertAndRead, noteSchemas, readOwner, withRunner } from './notes.mjs';
import { poolOptions } from './pool.mjs';

/** This library, as it is. */
export const openNestjsTenancy = ({ url, tables }) => openWith({ ...poolOptions, url }, tables);

/** This library, preparing the statements: proven, since it does not where it takes the server for a pooler. */
export async function openPrepared({ url, tables }) {
  await assertPrepares(url);
  return openWith({ ...poolOptions, url, prepare: true }, tables);
}

/** This library, taking whichever connection is free. */
export const openWithoutAffinity = ({ url, tables }) =>
  openWith({ ...poolOptions, url, affinity: false, maxSchemasPerConnection: Number.MAX_SAFE_INTEGER }, tables);

async function openWith(options, tables) {
  const notes = noteSchemas(tables);
  const factory = new TenantDataSourceFactory({ ...options, entities: notes }, async () => undefined);
  await factory.initialize();
  const context = new TenantContext(new TenantService(new InMemoryTenantStore()));
  return {
    read: (tenant, table) => context.run(tenant, () => readOwner(factory.dataSource.manager, notes[table])),
    transaction: (tenant, table) =>
      context.run(tenant, () =>
        withRunner(factory.dataSource, (runner) => insertAndRead(runner, tenant, notes[table])),
      ),
    query: (tenant, sql) => context.run(tenant, () => factory.dataSource.query(sql)),
    close: () => factory.destroy(),
  };
}

async function assertPrepares(url) {
  const way = await openWith({ url, poolSize: 1, prepare: true }, 1);
  try {
    const tenant = benchTenant(0);
    for (let n = 0; n < 10; n += 1) await way.read(tenant, 0);
    const found = await way.query(
      tenant,
      'SELECT FROM pg_prepared_statements WHERE statement LIKE \'%FROM "notes_0"%\'',
    );
    if (found.length === 0) throw new Error('The server has no prepared statement of nestjs-tenancy.');
  } finally {
    await way.close();
  }
}

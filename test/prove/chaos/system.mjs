import { InMemoryTenantStore, TenantContext, TenantDataSourceFactory, TenantService } from 'nestjs-tenancy';
import { EntitySchema } from 'typeorm';

export const POOL_SIZE = 10;
export const PER_TENANT = 8;
export const CONNECT_TIMEOUT_MS = 2_000;

export const Note = new EntitySchema({
  name: 'Note',
  tableName: 'notes',
  columns: { id: { type: 'int', primary: true, generated: true }, owner: { type: 'text' }, body: { type: 'text' } },
});
export const Entry = new EntitySchema({
  name: 'Entry',
  tableName: 'entries',
  columns: { key: { type: 'text', primary: true }, owner: { type: 'text' } },
});

/** The data path as an application has it. */
export async function openSystem({ url, tenants, prepare }) {
  const options = {
    url,
    entities: [Note, Entry],
    poolSize: POOL_SIZE,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    maxConnectionsPerTenant: PER_TENANT,
    maxConnectionWait: CONNECT_TIMEOUT_MS,
    prepare,
  };
  const lookUp = async (id) => tenants.find((tenant) => tenant.id === id);
  const factory = new TenantDataSourceFactory(options, lookUp);
  await factory.initialize();
  const cache = { get: async () => undefined, set: async () => undefined, del: async () => true };
  const context = new TenantContext(new TenantService(new InMemoryTenantStore(), cache));
  return { factory, context, dataSource: factory.dataSource, pool: factory.dataSource.driver.master };
}

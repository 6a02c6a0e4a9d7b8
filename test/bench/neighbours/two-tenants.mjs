import { InMemoryTenantStore, TenantContext, TenantDataSourceFactory, TenantService } from 'nestjs-tenancy';
import { benchTenant } from '../server/bench-tenants.mjs';
import { noteSchemas, readOwner } from '../ways/notes.mjs';
import { poolOptions } from '../ways/pool.mjs';
import { SLOW_SECONDS } from './loud-tenant.mjs';

/** What two tenants of one application ask for: the one a read by key, the other a slow statement. */
export async function openTwoTenants(url, options) {
  const [Note] = noteSchemas(1);
  const factory = new TenantDataSourceFactory(
    { ...poolOptions, ...options, url, entities: [Note] },
    async () => undefined,
  );
  await factory.initialize();
  const context = new TenantContext(new TenantService(new InMemoryTenantStore()));
  const { manager } = factory.dataSource;
  const [quiet, loud] = [benchTenant(0), benchTenant(1)];
  return {
    quiet: () =>
      context.run(quiet, async () => {
        const owner = await readOwner(manager, Note);
        if (owner !== quiet.id) throw new Error(`${quiet.id} was given a row of ${owner}.`);
      }),
    loud: () => context.run(loud, () => manager.query('SELECT pg_sleep($1)', [SLOW_SECONDS])),
    close: () => factory.destroy(),
  };
}

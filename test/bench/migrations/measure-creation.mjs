import { median, rounded } from '../report/statistics.mjs';
import { CREATE } from './fleet-migrations.mjs';
import { openLibrary } from './ways.mjs';

/** Milliseconds that it takes to create a tenant, with its migrations and with a ready schema: the two take turns. */
export async function measureCreation(url, tenants, onCreated) {
  const library = await openLibrary(url, tenants, [CREATE]);
  const times = { ordinary: [], ready: [] };
  const create = {
    ordinary: (tenant) => library.schemas.create(tenant),
    ready: (tenant) => library.ready.claim(tenant),
  };
  try {
    await library.ready.refill({ count: Math.ceil(tenants.length / 2) });
    for (const [n, tenant] of tenants.entries()) {
      const way = n % 2 === 0 ? 'ready' : 'ordinary';
      const start = performance.now();
      const made = await create[way](tenant);
      times[way].push(performance.now() - start);
      if (way === 'ready' && made.schema === tenant.schema) throw new Error('No schema was ready.');
      onCreated(tenant);
    }
  } finally {
    await library.close();
  }
  return {
    median: rounded(median(times.ordinary)),
    ready: rounded(median(times.ready)),
    tenants: times.ordinary.length,
  };
}

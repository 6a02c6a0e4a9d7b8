import { answerCalls } from '../process/answer-calls.mjs';
import { benchTenants } from '../server/bench-tenants.mjs';
import { openSharedPool, openTenantDataSource } from '../ways/data-source-per-tenant.mjs';
import { noteSchemas } from '../ways/notes.mjs';
import { collectedHeap } from './collected-heap.mjs';

/** Made first: what TypeORM needs for any DataSource is not counted for each. */
const FIRST = 20;

answerCalls({
  heapPerTenant: async ({ url, count, entities }) => {
    const { Pool } = openSharedPool(url);
    const kept = [];
    let before;
    for (const tenant of benchTenants(FIRST + count)) {
      if (kept.length === FIRST) before = await collectedHeap();
      kept.push(await openTenantDataSource(url, tenant, noteSchemas(entities, tenant.schema), Pool));
    }
    return Math.round(((await collectedHeap()) - before) / (kept.length - FIRST));
  },
});

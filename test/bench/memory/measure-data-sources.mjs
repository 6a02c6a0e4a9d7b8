import { startChild } from '../process/start-child.mjs';
import { ESTIMATE } from './estimate.mjs';

const ENTITIES = [1, 20];

/** The heap of a DataSource per tenant, in bytes each, for applications of few and of more entities. */
export async function measureDataSources(url, count, progress) {
  const results = [];
  for (const entities of ENTITIES) {
    progress.begin('memory: a DataSource per tenant', `${entities} entities`);
    const child = startChild(new URL('data-sources-process.mjs', import.meta.url), ['--expose-gc']);
    try {
      results.push({ entities, heapBytesPerTenant: await child.call('heapPerTenant', { url, count, entities }) });
    } finally {
      await child.stop();
    }
    progress.advance((count * ESTIMATE.dataSource) / ENTITIES.length);
  }
  return results;
}

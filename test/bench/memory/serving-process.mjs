// An application with the module, as one would have it, in a process of its own.
import { NestFactory } from '@nestjs/core';
import { defineTenant, TenancyModule, TenantContext, TenantDataSourceFactory } from 'nestjs-tenancy';
import { answerCalls } from '../process/answer-calls.mjs';
import { benchTenants } from '../server/bench-tenants.mjs';
import { shuffle } from '../ways/draw.mjs';
import { noteSchemas, readOwner } from '../ways/notes.mjs';
import { poolOptions } from '../ways/pool.mjs';
import { work } from '../ways/work.mjs';
import { collectedHeap } from './collected-heap.mjs';

const [Note] = noteSchemas(1);
const SAMPLE = 200;
const READS = 10;

// Each look-up makes a tenant, as one over the network does: what is kept of it is the library's doing.
const store = { findById: async (id) => defineTenant({ id, schema: `t_${id}` }) };

let manager;
let context;

answerCalls({
  open: async ({ url, affinity }) => {
    const database = { ...poolOptions, url, entities: [Note], ...(affinity === undefined ? {} : { affinity }) };
    const app = await NestFactory.createApplicationContext(TenancyModule.forRoot({ store, database }), {
      logger: false,
    });
    const { dataSource } = app.get(TenantDataSourceFactory);
    ({ manager } = dataSource);
    context = app.get(TenantContext);
    // An option of the library's own does not reach TypeORM; one that it does not know does.
    const isUnknown = 'affinity' in dataSource.options;
    return isUnknown ? { unknown: 'This version of nestjs-tenancy has no option `affinity`.' } : {};
  },

  /** Each tenant once, in an order of its own. */
  serve: async ({ count, seed }) => {
    const ids = shuffle(idsOf(count), seed);
    await work((n) => (n < count ? () => serveOne(ids[n]) : undefined));
  },

  heapUsed: collectedHeap,

  /** How many different connections served a tenant's ten reads, on average. */
  connectionsPerTenant: async (count) => {
    const ids = shuffle(idsOf(count), 0).slice(0, SAMPLE);
    const reads = shuffle(Array.from({ length: READS }, () => ids).flat(), 1);
    const served = new Map(ids.map((id) => [id, new Set()]));
    await work((n) => (n < reads.length ? async () => served.get(reads[n]).add(await backendOf(reads[n])) : undefined));
    const sizes = [...served.values()].map(({ size }) => size);
    return sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  },
});

const idsOf = (count) => benchTenants(count).map(({ id }) => id);

async function serveOne(id) {
  const owner = await context.run(id, () => readOwner(manager, Note));
  if (owner !== id) throw new Error(`${id} was given a row of ${owner}.`);
}

async function backendOf(id) {
  const [{ pid }] = await context.run(id, () => manager.query('SELECT pg_backend_pid() AS pid'));
  return pid;
}

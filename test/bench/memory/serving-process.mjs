// An application with the module, as one would have it, in a process of its own.
import { NestFactory } from '@nestjs/core';
import { defineTenant, TenancyModule, TenantContext } from 'nestjs-tenancy';
import { DataSource } from 'typeorm';
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

/** As a pool that knows no tenants would hand out its connections, and for ever. */
const WITHOUT_AFFINITY = { affinity: false, maxSchemasPerConnection: Number.MAX_SAFE_INTEGER };

let manager;
let context;

answerCalls({
  open: async ({ url, hasAffinity }) => {
    const database = { ...poolOptions, url, entities: [Note], ...(hasAffinity ? {} : WITHOUT_AFFINITY) };
    const root = TenancyModule.forRoot({ store, database });
    const app = await NestFactory.createApplicationContext(root, { logger: false });
    ({ manager } = app.get(DataSource));
    context = app.get(TenantContext);
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

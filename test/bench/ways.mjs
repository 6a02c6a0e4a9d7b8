import { InMemoryTenantStore, TenantContext, TenantDataSourceFactory, TenantService } from 'nestjs-tenancy';
import pg from 'pg';
import { DataSource, EntitySchema } from 'typeorm';

const POOL_SIZE = 10;

const noteSchema = (schema) =>
  new EntitySchema({
    name: 'Note',
    tableName: 'notes',
    ...(schema ? { schema } : {}),
    columns: { id: { type: 'int', primary: true, generated: true }, owner: { type: 'text' }, body: { type: 'text' } },
  });
const Note = noteSchema();

const randomId = () => 1 + Math.floor(Math.random() * 10);

/** A read by key: one statement. */
const readOwner = async (manager, target = Note) => (await manager.findOneByOrFail(target, { id: randomId() })).owner;

/** An insert and a read in one transaction. The insert is taken back, so that the tables stay as they are. */
async function insertAndRead(dataSource, tenant, target = Note, begin = async () => undefined) {
  const runner = dataSource.createQueryRunner();
  try {
    await begin(runner);
    await runner.startTransaction();
    await runner.manager.insert(target, { owner: tenant.id, body: 'new' });
    const owner = await readOwner(runner.manager, target);
    await runner.rollbackTransaction();
    return owner;
  } finally {
    await runner.release();
  }
}

/** Each way to work for a tenant, in the same terms: `read` and `transaction` answer with the owner of what they found. */
export const WAYS = {
  /** No tenants at all: everything goes to one schema, and is answered as if it were the tenant's. */
  async plain({ url, tenants }) {
    const [{ schema }] = tenants;
    const dataSource = await open({ url, entities: [Note], extra: { options: `-c search_path=${schema}` } });
    return {
      read: async (tenant) => (await readOwner(dataSource.manager)) && tenant.id,
      transaction: async (tenant) => (await insertAndRead(dataSource, tenant)) && tenant.id,
      close: () => dataSource.destroy(),
    };
  },

  async 'nestjs-tenancy'({ url }) {
    const factory = new TenantDataSourceFactory({ url, entities: [Note], poolSize: POOL_SIZE }, async () => undefined);
    await factory.initialize();
    const cache = { get: async () => undefined, set: async () => undefined, del: async () => true };
    const context = new TenantContext(new TenantService(new InMemoryTenantStore(), cache));
    return {
      read: (tenant) => context.run(tenant, () => readOwner(factory.dataSource.manager)),
      transaction: (tenant) => context.run(tenant, () => insertAndRead(factory.dataSource, tenant)),
      close: () => factory.destroy(),
    };
  },

  async 'SET in a query runner'({ url }) {
    const dataSource = await open({ url, entities: [Note] });
    const bind = (tenant) => (runner) => runner.query(`SET search_path TO ${tenant.schema}`);
    return {
      read: (tenant) => withRunner(dataSource, bind(tenant), (runner) => readOwner(runner.manager)),
      transaction: (tenant) => insertAndRead(dataSource, tenant, Note, bind(tenant)),
      close: () => dataSource.destroy(),
    };
  },

  async 'SET and RESET'({ url }) {
    const dataSource = await open({ url, entities: [Note] });
    const bound = (tenant, work) => async (runner) => {
      await runner.query(`SET search_path TO ${tenant.schema}`);
      try {
        return await work(runner);
      } finally {
        await runner.query('RESET search_path');
      }
    };
    const inTransaction = (tenant) => async (runner) => {
      await runner.startTransaction();
      await runner.manager.insert(Note, { owner: tenant.id, body: 'new' });
      const owner = await readOwner(runner.manager);
      await runner.rollbackTransaction();
      return owner;
    };
    const noBegin = async () => undefined;
    return {
      read: (tenant) =>
        withRunner(
          dataSource,
          noBegin,
          bound(tenant, (runner) => readOwner(runner.manager)),
        ),
      transaction: (tenant) => withRunner(dataSource, noBegin, bound(tenant, inTransaction(tenant))),
      close: () => dataSource.destroy(),
    };
  },

  /** The names in the SQL, one DataSource each. They share a pool: with one each the server would be full. */
  async 'a DataSource per tenant'({ url, tenants }) {
    const pool = new pg.Pool({ connectionString: url, max: POOL_SIZE });
    pool.on('error', () => undefined);
    class SharedPool {
      constructor() {
        return Object.create(pool, { end: { value: (done) => done() }, on: { value: () => undefined } });
      }
    }
    const sources = new Map();
    for (const tenant of tenants) {
      const entity = noteSchema(tenant.schema);
      const options = { type: 'postgres', url, schema: tenant.schema, entities: [entity], installExtensions: false };
      const dataSource = await new DataSource({ ...options, driver: { ...pg, Pool: SharedPool } }).initialize();
      sources.set(tenant, { dataSource, entity });
    }
    return {
      read: (tenant) => readOwner(sources.get(tenant).dataSource.manager, sources.get(tenant).entity),
      transaction: (tenant) => insertAndRead(sources.get(tenant).dataSource, tenant, sources.get(tenant).entity),
      close: () => pool.end(),
    };
  },
};

function open(options) {
  return new DataSource({ type: 'postgres', poolSize: POOL_SIZE, installExtensions: false, ...options }).initialize();
}

async function withRunner(dataSource, begin, work) {
  const runner = dataSource.createQueryRunner();
  try {
    await begin(runner);
    return await work(runner);
  } finally {
    await runner.release();
  }
}

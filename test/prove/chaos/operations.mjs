import { Entry, Note } from './system.mjs';

/** Thrown by whoever takes a transaction back. */
export class TakenBack extends Error {}

/**
 * What users do, in the terms of `{ system, tenant, ledger, owns }`: `owns` is told the owner of each row that was read.
 */
export const OPERATIONS = {
  async 'read by the context'({ system, tenant, owns }) {
    const notes = await system.context.run(tenant, () => system.dataSource.manager.findBy(Note, {}));
    for (const { owner } of notes) owns(owner);
  },

  async 'read by a view'({ system, tenant, owns }) {
    const rows = await system.factory.forTenant(tenant).query('SELECT owner FROM notes WHERE id > $1', [10]);
    for (const { owner } of rows) owns(owner);
  },

  async 'slow read'({ system, tenant, owns }) {
    const [row] = await system.factory.forTenant(tenant).query('SELECT owner, pg_sleep(0.02) FROM notes LIMIT 1');
    owns(row.owner);
  },

  async stream({ system, tenant, owns }) {
    const runner = system.factory.forTenant(tenant).createQueryRunner();
    try {
      for await (const { owner } of await runner.stream('SELECT owner FROM notes, generate_series(1, 20)')) owns(owner);
    } finally {
      await runner.release();
    }
  },

  async insert({ system, tenant, ledger, owns }) {
    const key = ledger.keyFor(tenant);
    const text = 'INSERT INTO entries (key, owner) VALUES ($1, $2) RETURNING owner';
    const [row] = await system.factory.forTenant(tenant).query(text, [key, tenant.id]);
    ledger.acknowledged.add(key);
    owns(row.owner);
  },

  async transaction({ system, tenant, ledger, owns }) {
    const key = ledger.keyFor(tenant);
    await system.context.run(tenant, () =>
      system.dataSource.transaction(async (manager) => {
        await manager.insert(Entry, { key, owner: tenant.id });
        owns((await manager.findOneByOrFail(Note, { id: 1 })).owner);
      }),
    );
    ledger.acknowledged.add(key);
  },

  async 'transaction with a savepoint'({ system, tenant, ledger, owns }) {
    const [kept, dropped] = [ledger.keyFor(tenant), ledger.keyFor(tenant)];
    ledger.takenBack.add(dropped);
    await system.factory.forTenant(tenant).transaction(async (manager) => {
      await manager.insert(Entry, { key: kept, owner: tenant.id });
      await takeBack(manager, (inner) => inner.insert(Entry, { key: dropped, owner: tenant.id }));
      owns((await manager.findOneByOrFail(Note, { id: 2 })).owner);
    });
    ledger.acknowledged.add(kept);
  },

  async 'transaction that is taken back'({ system, tenant, ledger }) {
    const key = ledger.keyFor(tenant);
    ledger.takenBack.add(key);
    const view = system.factory.forTenant(tenant);
    await takeBack(view, (manager) => manager.insert(Entry, { key, owner: tenant.id }));
  },

  async 'lock that is left in the session'({ system, tenant, owns }) {
    const runner = system.factory.forTenant(tenant).createQueryRunner();
    try {
      // Whoever were given this connection with the lock would hold up all others for good.
      const [row] = await runner.query('SELECT owner, pg_advisory_lock(1) FROM notes LIMIT 1');
      owns(row.owner);
    } finally {
      await runner.release();
    }
  },
};

async function takeBack(source, work) {
  const done = source.transaction(async (manager) => {
    await work(manager);
    throw new TakenBack();
  });
  await done.catch((error) => {
    if (!(error instanceof TakenBack)) throw error;
  });
}

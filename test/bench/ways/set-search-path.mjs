import { insertAndRead, noteSchemas, readOwner, withRunner } from './notes.mjs';
import { openDataSource } from './pool.mjs';

/** The usual way by hand: `SET search_path` in a query runner, left in the session. */
export const openSet = (options) =>
  openWith(options, (tenant, work) => async (runner) => {
    await runner.query(`SET search_path TO ${tenant.schema}`);
    return work(runner);
  });

/** The careful way by hand: nothing is left in the session, unless the connection is lost in between. */
export const openSetAndReset = (options) =>
  openWith(options, (tenant, work) => async (runner) => {
    await runner.query(`SET search_path TO ${tenant.schema}`);
    try {
      return await work(runner);
    } finally {
      await runner.query('RESET search_path');
    }
  });

async function openWith({ url, tables }, bound) {
  const notes = noteSchemas(tables);
  const dataSource = await openDataSource({ url, entities: notes });
  return {
    read: (tenant, table) =>
      withRunner(
        dataSource,
        bound(tenant, (runner) => readOwner(runner.manager, notes[table])),
      ),
    transaction: (tenant, table) =>
      withRunner(
        dataSource,
        bound(tenant, (runner) => insertAndRead(runner, tenant, notes[table])),
      ),
    close: () => dataSource.destroy(),
  };
}

import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { useTestDatabase } from '../../../../test/support/test-database.js';
import type { Registry } from '../testing/running-registry.js';
import { startRegistry } from '../testing/running-registry.js';

const database = useTestDatabase();
let running: Registry[] = [];

async function start(count: number): Promise<Registry> {
  const registry = await startRegistry(database, { READY_SCHEMAS: String(count) });
  running.push(registry);
  return registry;
}

/** The schemas that are ready, and how many migrations ran in each. */
async function ready(): Promise<string[]> {
  const rows = await database.query<{ schema: string }>(
    "SELECT nspname AS schema FROM pg_namespace WHERE obj_description(oid, 'pg_namespace') = 'tenant (ready)'",
  );
  return rows.map(({ schema }) => schema);
}

const untilReady = (count: number): Promise<void> =>
  vi.waitFor(async () => expect(await ready()).toHaveLength(count), { timeout: 20_000, interval: 20 });

beforeAll(() => database.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${database.appRole}`));
afterEach(async () => {
  await Promise.all(running.map(({ app }) => app.close()));
  running = [];
  for (const schema of await ready()) await database.query(`DROP SCHEMA ${schema} CASCADE`);
});

describe('the schemas that are ready', () => {
  it('are as many as were asked for, and one of them is the next tenant’s', async () => {
    const registry = await start(2);
    await untilReady(2);
    const before = await ready();
    const { status, body } = await registry.call('POST', '/tenants', { id: 'acme' });
    expect([status, body.status]).toEqual([201, 'active']);
    expect(before).toContain(body.schema);
    expect((await registry.call('GET', '/tenants/acme')).body.schema).toBe(body.schema);
    expect(await database.query(`SELECT FROM ${body.schema}.messages`)).toEqual([]);
    await untilReady(2);
    expect(await ready()).not.toContain(body.schema);
  });

  it('go with the tenant that has one', async () => {
    const registry = await start(1);
    await untilReady(1);
    const { body } = await registry.call('POST', '/tenants', { id: 'globex' });
    expect((await registry.call('DELETE', '/tenants/globex?confirm=globex&erase=true')).status).toBe(204);
    expect(await database.query('SELECT FROM pg_namespace WHERE nspname = $1', [body.schema])).toEqual([]);
  });

  it('are not more with two instances', async () => {
    await Promise.all([start(2), start(2)]);
    await untilReady(2);
    await Promise.all(running.map(({ app }) => app.close()));
    running = [];
    expect(await ready()).toHaveLength(2);
  });

  it('are whole where the service ends in the middle of making them', async () => {
    const { app } = await start(50);
    await untilReady(1);
    await app.close();
    running = [];
    const schemas = await ready();
    expect(schemas.length).toBeLessThan(50);
    for (const schema of schemas) expect(await database.query(`SELECT FROM ${schema}.messages`)).toEqual([]);
  });

  it('are not made where none are wanted, and tenants are created all the same', async () => {
    const registry = await start(0);
    expect((await registry.call('POST', '/tenants', { id: 'initech' })).body.schema).toBe('t_initech');
    expect(await ready()).toEqual([]);
  });
});

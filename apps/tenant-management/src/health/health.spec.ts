import { describe, expect, it } from 'vitest';
import { useRegistry } from '../testing/running-registry.js';

const registry = useRegistry();

describe('the service', () => {
  it('waits for no request for longer than a minute', () => {
    expect(registry.app.getHttpServer()).toMatchObject({ headersTimeout: 15_000, requestTimeout: 60_000 });
  });
});

describe('the health of the service', () => {
  it('is told without a token', async () => {
    const answer = await fetch(`${registry.url}/health`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ status: 'ok', info: { database: { status: 'up' } } });
  });

  it('is a 503 while the database takes no connections, and is good again afterwards', async () => {
    const [{ name }] = await registry.database.query<{ name: string }>('SELECT current_database() AS name');
    await registry.database.query(`ALTER ROLE ${registry.database.appRole} NOLOGIN`);
    await registry.database.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [
      registry.database.appRole,
    ]);
    const down = await fetch(`${registry.url}/health`);
    expect(down.status).toBe(503);
    expect(await down.text()).not.toContain(name);
    await registry.database.query(`ALTER ROLE ${registry.database.appRole} LOGIN`);
    expect((await fetch(`${registry.url}/health`)).status).toBe(200);
  });
});

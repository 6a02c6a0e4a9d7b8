import pg from 'pg';
import { expect, it } from 'vitest';
import { useRegistry } from '../testing/running-registry.js';

const registry = useRegistry();

it('a tenant that another instance is creating for long is busy; the others can be created meanwhile', async () => {
  const other = new pg.Client(registry.database.url);
  await other.connect();
  try {
    await other.query(`SELECT pg_advisory_lock(hashtextextended('tenancy:tenant:acme', 0))`);
    const waiting = Promise.all([1, 2, 3].map(() => registry.call('POST', '/tenants', { id: 'acme' })));
    expect(await registry.call('POST', '/tenants', { id: 'globex' })).toMatchObject({ status: 201 });
    for (const answer of await waiting) expect(answer).toMatchObject({ status: 409, body: { code: 'TENANT_BUSY' } });
  } finally {
    await other.end();
  }
  expect(await registry.call('POST', '/tenants', { id: 'acme' })).toMatchObject({ status: 201 });
});

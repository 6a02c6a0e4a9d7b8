import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ServerLink } from '../../../../test/support/server-link.js';
import { openServerLink } from '../../../../test/support/server-link.js';
import { useTestDatabase } from '../../../../test/support/test-database.js';
import type { Registry } from '../testing/running-registry.js';
import { startRegistry } from '../testing/running-registry.js';

const database = useTestDatabase();
const ends: Array<() => Promise<unknown>> = [];
let registry: Registry;
let link: ServerLink;

beforeAll(async () => {
  await database.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${database.appRole}`);
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function start(): Promise<void> {
  link = await openServerLink(database.appUrl);
  ends.push(() => link.close());
  registry = await startRegistry({ ...database, appUrl: link.url });
  ends.unshift(() => registry.app.close());
}

const REQUESTS = [
  ['GET', '/tenants'],
  ['GET', '/tenants/acme'],
  ['GET', '/tenants/acme/config'],
  ['GET', '/domains/acme.com'],
  ['PATCH', '/tenants/acme', { name: 'Acme' }],
  ['PATCH', '/tenants/acme/config', { 'email.enabled': true }],
  ['POST', '/tenants', { id: 'globex' }],
  ['POST', '/tenants/acme/suspend'],
  ['GET', '/drops'],
  ['GET', '/audit'],
  ['DELETE', '/tenants/acme?confirm=acme&erase=true'],
] as const;

describe('while the database is away', () => {
  it('every route of the registry answers 503, says when to come back, and nothing of the database', async () => {
    await start();
    await registry.call('POST', '/tenants', { id: 'acme', domains: ['acme.com'] });
    await link.cut();

    for (const [method, path, body] of REQUESTS) {
      const answer = await registry.call(method, path, body);
      expect([`${method} ${path}`, answer.status, answer.body.code]).toEqual([
        `${method} ${path}`,
        503,
        'DATABASE_UNAVAILABLE',
      ]);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.headers.get('retry-after')).toBe('1');
      expect(JSON.stringify(answer.body)).not.toMatch(/ECONN|127\.0|5432|select/i);
    }

    await link.restore();
    expect((await registry.call('GET', '/tenants/acme')).status).toBe(200);
  });

  it('a request that is malformed is still told so', async () => {
    await start();
    await link.cut();

    expect((await registry.call('GET', '/tenants?limit=x')).status).toBe(400);
    expect((await registry.call('GET', '/domains/a,b')).status).toBe(400);
  });
});

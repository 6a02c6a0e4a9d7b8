import { beforeAll, describe, expect, it } from 'vitest';
import { statusesOf, useRegistry } from '../testing/running-registry.js';

const registry = useRegistry();

beforeAll(async () => {
  await registry.call('POST', '/tenants', { id: 'acme', domains: ['acme.com', 'app.acme.com'] });
  await registry.call('POST', '/tenants', { id: 'globex', domains: ['globex.com'] });
});

async function ownersOf(domain: string): Promise<string[]> {
  const rows = await registry.database.query<{ id: string }>(
    'SELECT id FROM public.tenants WHERE $1 = ANY (domains) ORDER BY id',
    [domain],
  );
  return rows.map(({ id }) => id);
}

describe('a domain', () => {
  it('leads to its tenant, in whatever case it is asked for', async () => {
    for (const domain of ['app.acme.com', 'APP.Acme.COM']) {
      expect(await registry.call('GET', `/domains/${domain}`)).toMatchObject({
        status: 200,
        body: { id: 'acme', domains: ['acme.com', 'app.acme.com'] },
      });
    }
  });

  it('that is no tenant’s is a 404', async () => {
    expect(await registry.call('GET', '/domains/other.com')).toMatchObject({
      status: 404,
      body: { code: 'TENANT_NOT_FOUND' },
    });
  });

  it.each(['acme.com:80', 'acme.com%2Fx', 'user@acme.com', '127.0.0.1', '0x7f.1', 'a,b', 'ächme.com', '-a.com'])(
    'that is no host name is refused: %s',
    async (domain) => {
      expect(await registry.call('GET', `/domains/${domain}`)).toMatchObject({
        status: 400,
        body: { code: 'VALIDATION_FAILED' },
      });
    },
  );

  it('of another tenant is refused when a tenant is created, and nothing is left of that one', async () => {
    const answer = await registry.call('POST', '/tenants', { id: 'thief', domains: ['thief.com', 'ACME.com'] });
    expect(answer).toMatchObject({ status: 409, body: { code: 'DOMAIN_TAKEN' } });
    expect(answer.body.detail).toContain('acme.com');
    expect((await registry.call('GET', '/tenants/thief')).status).toBe(404);
    expect((await registry.call('GET', '/domains/thief.com')).status).toBe(404);
  });

  it('of another tenant is refused when a tenant is changed, and nothing of that change is stored', async () => {
    const change = { name: 'Changed', domains: ['globex.com', 'acme.com'] };
    expect(await registry.call('PATCH', '/tenants/globex', change)).toMatchObject({
      status: 409,
      body: { code: 'DOMAIN_TAKEN' },
    });
    expect((await registry.call('GET', '/tenants/globex')).body).toMatchObject({
      name: 'globex',
      domains: ['globex.com'],
    });
  });

  it('can go from one tenant to the next', async () => {
    await registry.call('PATCH', '/tenants/acme', { domains: ['acme.com'] });
    expect((await registry.call('PATCH', '/tenants/globex', { domains: ['app.acme.com'] })).status).toBe(200);
    expect((await registry.call('GET', '/domains/app.acme.com')).body.id).toBe('globex');
    expect((await registry.call('GET', '/domains/globex.com')).status).toBe(404);
  });

  it('cannot be given twice behind the service’s back either', async () => {
    const theft = registry.database.query(`UPDATE public.tenants SET domains = '{acme.com}' WHERE id = 'globex'`);
    await expect(theft).rejects.toMatchObject({ code: '23505' });
  });

  it.each(['ACME.com', 'acme.com.', 'acme.com:443', 'b\u00FCcher.com'])(
    'cannot be kept there in another spelling either: %s',
    async (domain) => {
      const theft = registry.database.query(`UPDATE public.tenants SET domains = $1 WHERE id = 'globex'`, [[domain]]);
      await expect(theft).rejects.toMatchObject({ code: '23514' });
    },
  );
});

describe('one domain wanted by many at once', () => {
  it('goes to one of those that are created', async () => {
    const wanted = { domains: ['b.race.com', 'race.com', 'a.race.com'] };
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, i) => registry.call('POST', '/tenants', { id: `racer-${i}`, ...wanted })),
    );
    const winners = answers.filter(({ status }) => status === 201);
    expect(winners).toHaveLength(1);
    for (const { status, body } of answers)
      if (status !== 201) expect([status, body.code]).toEqual([409, 'DOMAIN_TAKEN']);
    expect(await ownersOf('race.com')).toEqual([winners[0].body.id]);
  });

  it('goes to one of those that are changed', async () => {
    const answers = await Promise.all(
      ['acme', 'globex'].map((id, i) =>
        registry.call('PATCH', `/tenants/${id}`, { domains: i === 0 ? ['x.com', 'y.com'] : ['y.com', 'x.com'] }),
      ),
    );
    expect(statusesOf(answers)).toEqual([200, 409]);
    expect(await ownersOf('x.com')).toHaveLength(1);
    expect(await ownersOf('x.com')).toEqual(await ownersOf('y.com'));
  });

  it('is one tenant’s also where two want to swap', async () => {
    await registry.call('PATCH', '/tenants/acme', { domains: ['left.com'] });
    await registry.call('PATCH', '/tenants/globex', { domains: ['right.com'] });
    const answers = await Promise.all([
      registry.call('PATCH', '/tenants/acme', { domains: ['right.com'] }),
      registry.call('PATCH', '/tenants/globex', { domains: ['left.com'] }),
    ]);
    for (const { status } of answers) expect([200, 409]).toContain(status);
    for (const domain of ['left.com', 'right.com']) expect((await ownersOf(domain)).length).toBeLessThan(2);
  });
});

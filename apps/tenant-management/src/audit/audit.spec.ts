import { describe, expect, it } from 'vitest';
import { TOKEN, useRegistry } from '../testing/running-registry.js';

const registry = useRegistry({ SERVICE_TOKEN: `${TOKEN},another-token-of-ours` });

interface Entry {
  readonly id: string;
  readonly actor: string;
  readonly action: string;
  readonly tenantId: string;
  readonly details: Record<string, unknown>;
}

async function trailOf(path: string): Promise<Entry[]> {
  return (await registry.call('GET', path)).body.entries;
}

describe('the audit trail', () => {
  it('says who did what to which tenant, and outlives it', async () => {
    const other = { authorization: 'Bearer another-token-of-ours' };
    await registry.call('POST', '/tenants', { id: 'acme' });
    await registry.call('PATCH', '/tenants/acme', { name: 'Acme Inc.', plan: 'gold' });
    await registry.call('PATCH', '/tenants/acme/config', { 'email.from': 'a@acme.com', 'sms.senderId': 'ACME' });
    await registry.call('POST', '/tenants/acme/suspend', undefined, other);
    await registry.call('POST', '/tenants/acme/suspend');
    await registry.call('POST', '/tenants/acme/restore');
    await registry.call('POST', '/tenants/acme/archive');
    await registry.call('DELETE', '/tenants/acme?confirm=acme&erase=true');

    const entries = (await trailOf('/tenants/acme/audit')).toReversed();
    expect(entries.map(({ action, details }) => [action, details])).toEqual([
      ['tenant.created', { schema: 't_acme' }],
      ['tenant.changed', { fields: ['name', 'plan'], name: { from: 'acme', to: 'Acme Inc.' } }],
      ['tenant.config_changed', { keys: ['email.from', 'sms.senderId'] }],
      ['tenant.suspended', { status: { from: 'active', to: 'suspended' } }],
      ['tenant.restored', { status: { from: 'suspended', to: 'active' } }],
      ['tenant.archived', { status: { from: 'active', to: 'archived' }, dropAfter: expect.any(String) }],
      ['tenant.drop_began', { status: 'archived', erase: true }],
      ['tenant.dropped', { schema: 't_acme' }],
    ]);
    const [first, , , second] = entries.map(({ actor }) => actor);
    expect(entries.map(({ actor }) => actor)).toEqual(entries.map((_, at) => (at === 3 ? second : first)));
    expect(second).not.toBe(first);
    for (const { actor, tenantId } of entries) {
      expect(actor).toMatch(/^token [0-9a-f]{8}$/);
      expect(tenantId).toBe('acme');
    }
    expect(JSON.stringify(entries)).not.toMatch(/token-of|a@acme\.com/);
  });

  it('has no entry for what was refused, and none for what changed nothing', async () => {
    await registry.call('POST', '/tenants', { id: 'globex' });
    await registry.call('POST', '/tenants', { id: 'globex' });
    await registry.call('PATCH', '/tenants/globex', {});
    await registry.call('POST', '/tenants/globex/restore');
    await registry.call('DELETE', '/tenants/globex?confirm=globex');
    await registry.call('PATCH', '/tenants/globex/config', { 'smtp.password': 'in plain text' });
    expect((await trailOf('/tenants/globex/audit')).map(({ action }) => action)).toEqual(['tenant.created']);
  });

  it('has an entry for a change if and only if the change is stored', async () => {
    await registry.database.query('ALTER TABLE public.tenant_audit ADD CONSTRAINT full_disk CHECK (false) NOT VALID');
    try {
      expect((await registry.call('POST', '/tenants/globex/suspend')).status).toBe(500);
      expect((await registry.call('PATCH', '/tenants/globex/config', { a: 1 })).status).toBe(500);
    } finally {
      await registry.database.query('ALTER TABLE public.tenant_audit DROP CONSTRAINT full_disk');
    }
    // What fails when it is committed, with the entry already written.
    await registry.database.query(`
      CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'too late'; END $$`);
    await registry.database.query(`
      CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON public.tenants DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION public.refuse()`);
    try {
      expect((await registry.call('POST', '/tenants/globex/suspend')).status).toBe(500);
      expect((await registry.call('PATCH', '/tenants/globex/config', { a: 1 })).status).toBe(500);
    } finally {
      await registry.database.query('DROP FUNCTION public.refuse() CASCADE');
    }
    expect((await registry.call('GET', '/tenants/globex')).body).toMatchObject({ status: 'active', config: {} });
    expect(await trailOf('/tenants/globex/audit')).toHaveLength(1);
  });

  it('is read in pages, the newest first', async () => {
    const all = await trailOf('/audit?limit=200');
    const pages: Entry[] = [];
    for (let query = '?limit=4'; ;) {
      const { entries, next } = (await registry.call('GET', `/audit${query}`)).body;
      pages.push(...entries);
      if (next === undefined) break;
      query = `?limit=4&before=${next}`;
    }
    expect(pages).toEqual(all);
    expect(all.map(({ id }) => Number(id))).toEqual(all.map(({ id }) => Number(id)).sort((a, b) => b - a));
  });

  it.each(['limit=0', 'limit=201', 'before=x', 'before=0', 'before=1e3', 'before=99999999999999999999', 'offset=1'])(
    'refuses the page %s',
    async (query) => {
      expect(await registry.call('GET', `/audit?${query}`)).toMatchObject({ status: 400 });
    },
  );

  it.each([
    `UPDATE public.tenant_audit SET actor = 'nobody'`,
    'DELETE FROM public.tenant_audit',
    'TRUNCATE public.tenant_audit',
  ])('only grows: %s', async (sql) => {
    await expect(registry.database.query(sql)).rejects.toThrow('only grows');
  });
});

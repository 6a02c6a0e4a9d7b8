import { describe, expect, it } from 'vitest';
import type { TenantInit, TenantStore } from 'nestjs-tenancy';
import { configVersionOf, TenantConfigConflictError, TenantNotFoundError } from 'nestjs-tenancy';

/** What every store must do. `create` makes one that knows the tenants it is given, and no other. */
export function describeTenantStore(
  name: string,
  create: (tenants: readonly TenantInit[]) => Promise<Required<Omit<TenantStore, 'watch'>>>,
): void {
  const acme: TenantInit = {
    id: 'acme',
    name: 'Acme “Inc.” 株式会社',
    schema: 't_acme',
    status: 'suspended',
    domains: ['mail.acme.test', 'acme.test'],
    plan: 'gold',
    config: { 'email.from': 'hello@acme.test', limits: { perDay: 10, burst: [1, 2] }, off: false },
    database: 'eu',
    metadata: { contract: { since: 2024 } },
  };
  const globex: TenantInit = { id: 'globex', schema: 't_globex', config: { 'email.from': 'hello@globex.test' } };
  const initech: TenantInit = { id: 'initech', schema: 't_initech' };

  describe(`${name}: the tenant of an id`, () => {
    it('is all that is known of it', async () => {
      expect(await (await create([acme, globex])).findById('acme')).toEqual(acme);
    });

    it('has the defaults where no more is known', async () => {
      expect(await (await create([initech])).findById('initech')).toEqual({
        id: 'initech',
        name: 'initech',
        schema: 't_initech',
        status: 'active',
        domains: [],
        plan: 'default',
        config: {},
        metadata: {},
      });
    });

    it('is frozen at any depth', async () => {
      const tenant = await (await create([acme])).findById('acme');

      for (const part of [tenant, tenant?.domains, tenant?.config, tenant?.config.limits, tenant?.metadata.contract]) {
        expect(part).toBeDefined();
        expect(Object.isFrozen(part)).toBe(true);
      }
    });

    it('has its domains as hosts are compared, however they are kept', async () => {
      const store = await create([{ ...globex, domains: ['Shop.Globex.Test', 'globex.test.:443'] }]);

      expect((await store.findById('globex'))?.domains).toEqual(['shop.globex.test', 'globex.test']);
    });

    it.each(['nobody', 'ACME', 'acm', 'acme_', '%', "' OR 1=1 --", '*', 'acme/config', 'a?limit=1'])(
      'is none where no tenant has exactly that id: %s',
      async (id) => {
        expect(await (await create([acme])).findById(id)).toBeUndefined();
      },
    );
  });

  describe(`${name}: the tenant of a domain`, () => {
    it.each(['mail.acme.test', 'acme.test'])('is the one that has it: %s', async (domain) => {
      expect((await (await create([globex, acme])).findByDomain(domain))?.id).toBe('acme');
    });

    it.each(['globex.test', 'x.acme.test', 'cme.test', 'acme.test.', "'"])('is none elsewhere: %s', async (domain) => {
      expect(await (await create([globex, acme])).findByDomain(domain)).toBeUndefined();
    });
  });

  describe(`${name}: the list`, () => {
    it('is in the order of the ids, whatever order they came in', async () => {
      const { tenants, total } = await (await create([globex, initech, acme])).list({ limit: 10, offset: 0 });

      expect(tenants.map(({ id }) => id)).toEqual(['acme', 'globex', 'initech']);
      expect(tenants[0]).toEqual(acme);
      expect(total).toBe(3);
    });

    it.each([
      [{ limit: 2, offset: 0 }, ['acme', 'globex']],
      [{ limit: 2, offset: 2 }, ['initech']],
      [{ limit: 2, offset: 3 }, []],
      [{ limit: 0, offset: 0 }, []],
    ])('is given in pages, with the number of all: %o', async (page, ids) => {
      const { tenants, total } = await (await create([globex, initech, acme])).list(page);

      expect(tenants.map(({ id }) => id)).toEqual(ids);
      expect(total).toBe(3);
    });

    it('is empty where there are none', async () => {
      expect(await (await create([])).list({ limit: 10, offset: 0 })).toEqual({ tenants: [], total: 0 });
    });
  });

  describe(`${name}: a change of settings`, () => {
    it('sets what it names, removes what it names null, and leaves the rest', async () => {
      const store = await create([acme]);

      const changed = await store.updateConfig('acme', { 'email.from': 'new@acme.test', off: null, on: true });

      const config = { 'email.from': 'new@acme.test', limits: { perDay: 10, burst: [1, 2] }, on: true };
      expect(changed).toEqual({ ...acme, config });
      expect(await store.findById('acme')).toEqual({ ...acme, config });
    });

    it('replaces a value whole', async () => {
      const changed = await (await create([acme])).updateConfig('acme', { limits: { perDay: 20 } });

      expect(changed.config.limits).toEqual({ perDay: 20 });
    });

    it('is one tenant’s alone', async () => {
      const store = await create([acme, globex]);

      await store.updateConfig('acme', { 'email.from': 'new@acme.test' });

      expect((await store.findById('globex'))?.config).toEqual({ 'email.from': 'hello@globex.test' });
    });

    it('is frozen', async () => {
      const changed = await (await create([acme])).updateConfig('acme', { limits: { perDay: 20 } });

      expect(Object.isFrozen(changed.config.limits)).toBe(true);
    });

    it('does not undo another that is made at the same time', async () => {
      const store = await create([globex]);
      const keys = Array.from({ length: 10 }, (_, n) => `key${n}`);

      await Promise.all(keys.map((key) => store.updateConfig('globex', { [key]: key })));

      expect(Object.keys((await store.findById('globex'))?.config ?? {}).sort()).toEqual(['email.from', ...keys]);
    });

    it('of a tenant that is none is refused', async () => {
      await expect((await create([acme])).updateConfig('nobody', { a: 1 })).rejects.toThrow(TenantNotFoundError);
    });
  });

  describe(`${name}: a change of settings for one version of them`, () => {
    const versionOf = async (store: TenantStore, id: string) => configVersionOf((await store.findById(id))!.config);

    it.each(['ifVersion', 'basedOn'])('is stored where they have it: %s', async (condition) => {
      const store = await create([acme]);

      const changed = await store.updateConfig('acme', { off: true }, { [condition]: await versionOf(store, 'acme') });

      expect(changed.config).toEqual({ ...acme.config, off: true });
      expect(await store.findById('acme')).toEqual(changed);
    });

    it.each(['ifVersion', 'basedOn'])(
      'is refused where they have another, and nothing is stored: %s',
      async (condition) => {
        const store = await create([acme]);
        const version = await versionOf(store, 'acme');
        await store.updateConfig('acme', { off: true });

        const late = store.updateConfig('acme', { 'email.from': 'late@acme.test' }, { [condition]: version });

        await expect(late).rejects.toThrow(TenantConfigConflictError);
        expect((await store.findById('acme'))?.config).toEqual({ ...acme.config, off: true });
      },
    );

    it('is stored once, of ten that are made at the same time', async () => {
      const store = await create([acme]);
      const ifVersion = await versionOf(store, 'acme');
      const keys = Array.from({ length: 10 }, (_, n) => `key${n}`);

      const outcomes = await Promise.allSettled(
        keys.map((key) => store.updateConfig('acme', { [key]: true }, { ifVersion })),
      );

      const refusals = outcomes
        .filter((outcome) => outcome.status === 'rejected')
        .map(({ reason }) => reason as unknown);
      expect(refusals).toHaveLength(9);
      for (const refusal of refusals) expect(refusal).toBeInstanceOf(TenantConfigConflictError);
      const stored = Object.keys((await store.findById('acme'))!.config).filter((key) => key.startsWith('key'));
      expect(stored).toHaveLength(1);
    });

    it('knows equal settings as one version, whatever order their keys came in', async () => {
      const config = { b: { y: [1, { q: 1, p: 2 }], x: 1.5 }, 'long.key.of.a.setting': 'ü', a: null };
      const turned = { 'long.key.of.a.setting': 'ü', b: { x: 1.5, y: [1, { p: 2, q: 1 }] }, a: null };
      const store = await create([{ id: 'acme', schema: 't_acme', config }]);

      expect(await versionOf(store, 'acme')).toBe(configVersionOf(turned));
      expect(configVersionOf(turned)).not.toBe(configVersionOf({ ...turned, a: 0 }));
    });

    it('of a tenant that is none is refused as such', async () => {
      const late = (await create([acme])).updateConfig('nobody', { a: 1 }, { ifVersion: 'x' });

      await expect(late).rejects.toThrow(TenantNotFoundError);
    });
  });
}

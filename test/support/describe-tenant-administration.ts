import { describe, expect, it } from 'vitest';
import type { PlannedDrop, TenantAdministration, TenantStore } from 'nestjs-tenancy';
import { TenantChangeRefusedError, TenantNotFoundError } from 'nestjs-tenancy';

/** An administration, the tenants that it is of, and what cannot be seen through either. */
export interface AdministeredTenants {
  readonly administration: TenantAdministration;
  readonly store: Pick<TenantStore, 'findById'>;
  /** Whether there is a schema of that name. */
  hasSchema(schema: string): Promise<boolean>;
  /** Makes an archived tenant's time of grace end now. */
  endGrace(id: string): Promise<void>;
}

/** What every administration must do. Each test has tenants of its own. */
export function describeTenantAdministration(name: string, administered: () => AdministeredTenants): void {
  let made = 0;
  const administration = (): TenantAdministration => administered().administration;

  /** A tenant of its own for a test. */
  async function tenant(): Promise<string> {
    const id = `acme-${(made += 1)}`;
    await administration().createTenant({ id });
    return id;
  }

  async function refusal(work: Promise<unknown>): Promise<string> {
    const error: unknown = await work.then(
      () => new Error('It was not refused.'),
      (cause: unknown) => cause,
    );
    if (error instanceof TenantNotFoundError) return 'not found';
    expect(error).toBeInstanceOf(TenantChangeRefusedError);
    expect((error as Error).message).not.toBe('');
    return (error as TenantChangeRefusedError).reason;
  }

  const statusOf = async (id: string): Promise<string | undefined> => (await administered().store.findById(id))?.status;

  async function plannedDrop(id: string): Promise<PlannedDrop | undefined> {
    return (await administration().plannedDrops({ limit: 200 })).drops.find((drop) => drop.id === id);
  }

  describe(`${name}: a new tenant`, () => {
    it('is active, with a schema of its own', async () => {
      const created = await administration().createTenant({
        id: 'globex',
        name: 'Globex',
        plan: 'gold',
        domains: ['globex.test'],
        config: { 'email.from': 'a@globex.test' },
        metadata: { since: 2024 },
      });

      expect(created).toMatchObject({ id: 'globex', name: 'Globex', status: 'active', plan: 'gold' });
      expect(await administered().store.findById('globex')).toEqual(created);
      expect(await administered().hasSchema(created.schema)).toBe(true);
    });

    it('is refused where there is one of that id, or nobody may have it', async () => {
      const id = await tenant();

      expect(await refusal(administration().createTenant({ id }))).toBe('TENANT_EXISTS');
      expect(await refusal(administration().createTenant({ id: 'system' }))).toBe('TENANT_ID_RESERVED');
      expect(await refusal(administration().createTenant({ id: 'lost', database: 'nowhere' }))).toBe(
        'DATABASE_UNKNOWN',
      );
      expect(await statusOf('lost')).toBeUndefined();
    });
  });

  describe(`${name}: a change`, () => {
    it('sets what it names and leaves the rest', async () => {
      const id = await tenant();
      const changed = await administration().changeTenant(id, { name: 'Renamed', metadata: { a: 1 } });

      expect(changed).toMatchObject({ id, name: 'Renamed', plan: 'default', metadata: { a: 1 } });
      expect(await administered().store.findById(id)).toEqual(changed);
    });

    it('of an archived tenant, or of nobody, is refused', async () => {
      const id = await tenant();
      await administration().archiveTenant(id);

      expect(await refusal(administration().changeTenant(id, { name: 'x' }))).toBe('TENANT_NOT_READY');
      expect(await refusal(administration().changeTenant('nobody', { name: 'x' }))).toBe('not found');
      expect(await refusal(administration().suspendTenant('nobody'))).toBe('not found');
    });
  });

  describe(`${name}: a domain`, () => {
    const refusalOf = async (work: Promise<unknown>): Promise<TenantChangeRefusedError> => {
      const error: unknown = await work.catch((cause: unknown) => cause);
      expect(error).toBeInstanceOf(TenantChangeRefusedError);
      return error as TenantChangeRefusedError;
    };

    it.each([
      ['Shop.Acme.Test', 'shop.acme.test'],
      ['shop.acme.test.', 'shop.acme.test'],
      ['shop.acme.test:443', 'shop.acme.test'],
      ['b\u00FCcher.test', 'xn--bcher-kva.test'],
    ])('that is not written as hosts are compared is refused with how to write it: %s', async (domain, canonical) => {
      const id = await tenant();
      for (const work of [
        administration().createTenant({ id: 'lost', domains: ['fine.test', domain] }),
        administration().changeTenant(id, { name: 'Lost', domains: ['fine.test', domain] }),
      ]) {
        const { reason, message } = await refusalOf(work);
        expect(reason).toBe('DOMAIN_INVALID');
        expect(message).toContain(`${JSON.stringify(domain)} is not written as hosts are compared`);
        expect(message).toContain(`"${canonical}"`);
      }
      expect(await statusOf('lost')).toBeUndefined();
      expect(await administered().store.findById(id)).toMatchObject({ name: id, domains: [] });
    });

    it.each(['localhost', '127.0.0.1', '[::1]', '*.acme.test', 'https://acme.test/', 'a..test', 'ac_me.test', '', 7])(
      'that no host can be is refused: %s',
      async (domain) => {
        const id = await tenant();
        const domains = [domain as string];

        expect((await refusalOf(administration().createTenant({ id: 'lost', domains }))).reason).toBe('DOMAIN_INVALID');
        expect((await refusalOf(administration().changeTenant(id, { domains }))).reason).toBe('DOMAIN_INVALID');
      },
    );

    it('is one tenant’s alone', async () => {
      const [one, other] = [await tenant(), await tenant()];
      const domains = [`${one}.test`];
      await administration().changeTenant(one, { domains });

      expect(await refusal(administration().createTenant({ id: 'lost', domains }))).toBe('DOMAIN_TAKEN');
      expect(await refusal(administration().changeTenant(other, { domains }))).toBe('DOMAIN_TAKEN');
      expect(await statusOf('lost')).toBeUndefined();
    });
  });

  describe(`${name}: the life of a tenant`, () => {
    it('leads from active to suspended, archived and back; repeating a step changes nothing', async () => {
      const id = await tenant();
      for (const [step, status] of [
        ['suspendTenant', 'suspended'],
        ['suspendTenant', 'suspended'],
        ['restoreTenant', 'active'],
        ['restoreTenant', 'active'],
        ['suspendTenant', 'suspended'],
        ['archiveTenant', 'archived'],
        ['archiveTenant', 'archived'],
        ['restoreTenant', 'active'],
        ['archiveTenant', 'archived'],
      ] as const) {
        expect(await administration()[step](id)).toMatchObject({ id, status });
        expect(await statusOf(id)).toBe(status);
      }
      expect(await refusal(administration().suspendTenant(id))).toBe('TENANT_STATUS_CONFLICT');
    });

    it('keeps what is in its schema while it is archived', async () => {
      const id = await tenant();
      const { schema } = await administration().archiveTenant(id);

      expect(await administered().hasSchema(schema)).toBe(true);
    });
  });

  describe(`${name}: a drop`, () => {
    it('is confirmed, and comes after the archive and its time of grace', async () => {
      const id = await tenant();
      const drop = (confirm: string) => refusal(administration().dropTenant(id, { confirm }));

      expect(await drop('')).toBe('CONFIRMATION_REQUIRED');
      expect(await drop('globex')).toBe('CONFIRMATION_REQUIRED');
      expect(await drop(id)).toBe('TENANT_NOT_ARCHIVED');
      const { schema } = await administration().archiveTenant(id);
      expect(await drop(id)).toBe('TENANT_DROP_NOT_DUE');
      expect(await plannedDrop(id)).toMatchObject({ status: 'archived', isDue: false });
      expect((await plannedDrop(id))!.dropAfter.getTime()).toBeGreaterThan(Date.now() + 86_400_000);

      await administered().endGrace(id);
      expect(await plannedDrop(id)).toMatchObject({ isDue: true });
      await administration().dropTenant(id, { confirm: id });
      expect(await statusOf(id)).toBeUndefined();
      expect(await administered().hasSchema(schema)).toBe(false);
      expect(await plannedDrop(id)).toBeUndefined();
    });

    it('is no longer due for a tenant that was restored', async () => {
      const id = await tenant();
      await administration().archiveTenant(id);
      await administered().endGrace(id);
      await administration().restoreTenant(id);

      expect(await plannedDrop(id)).toBeUndefined();
      expect(await refusal(administration().dropTenant(id, { confirm: id }))).toBe('TENANT_NOT_ARCHIVED');
    });

    it('is made at once where it says so, confirmed all the same', async () => {
      const id = await tenant();
      const { schema } = (await administered().store.findById(id))!;

      expect(await refusal(administration().dropTenant(id, { confirm: 'x', erase: true }))).toBe(
        'CONFIRMATION_REQUIRED',
      );
      await administration().dropTenant(id, { confirm: id, erase: true });
      expect(await administered().hasSchema(schema)).toBe(false);
      expect(await refusal(administration().dropTenant(id, { confirm: id }))).toBe('not found');
    });

    it('leaves room for a new tenant of that id', async () => {
      const id = await tenant();
      await administration().dropTenant(id, { confirm: id, erase: true });

      expect(await administration().createTenant({ id })).toMatchObject({ id, status: 'active' });
    });
  });

  describe(`${name}: the place of a tenant`, () => {
    it('is changed from where it is, to a server that is known', async () => {
      const id = await tenant();
      const place = (database: string, from: string) => administration().placeTenant(id, { database, from });

      expect(await place('default', 'default')).toMatchObject({ id });
      expect(await refusal(place('default', 'eu'))).toBe('TENANT_MOVED');
      expect(await refusal(place('nowhere', 'default'))).toBe('DATABASE_UNKNOWN');
    });
  });
}

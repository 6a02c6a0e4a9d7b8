import { ConsoleLogger, Injectable } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import type { TestingModule } from '@nestjs/testing';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeTenantAdministration } from '../../../../../test/support/describe-tenant-administration.js';
import { registryTableSql } from '../../../../../test/support/registry-table.js';
import { migration } from '../../../../../test/support/tenant-fleet.js';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
import { TenancyModule } from '../../tenancy.module.js';
import { TenantAdministration } from '../../tenants/tenant-administration.js';
import { TenantService } from '../../tenants/tenant.service.js';
import { TypeOrmTenantStore } from '../../tenants/typeorm-tenant-store.js';
import { TenancyDoctor } from '../examining/tenancy-doctor.js';
import { ReadySchemas } from '../ready/ready-schemas.js';
import { TenantLifecycle } from './tenant-lifecycle.js';

@Injectable()
class Ear {
  readonly heard: Array<[name: string, event: unknown]> = [];

  @OnEvent('tenant.created')
  created(event: unknown): void {
    this.heard.push(['created', event]);
  }

  @OnEvent('tenant.suspended')
  suspended(event: unknown): void {
    this.heard.push(['suspended', event]);
  }

  @OnEvent('tenant.restored')
  restored(event: unknown): void {
    this.heard.push(['restored', event]);
  }

  @OnEvent('tenant.changed')
  changed(event: unknown): void {
    this.heard.push(['changed', event]);
  }

  @OnEvent('tenant.renamed')
  renamed(event: unknown): void {
    this.heard.push(['renamed', event]);
  }

  @OnEvent('tenant.archived')
  archived(event: unknown): void {
    this.heard.push(['archived', event]);
  }

  @OnEvent('tenant.dropped')
  dropped(event: unknown): void {
    this.heard.push(['dropped', event]);
  }
}

const database = useTestDatabase();
let app: TestingModule;
let lifecycle: TenantLifecycle;
let ear: Ear;

beforeAll(async () => {
  await database.query(await registryTableSql());
  await database.query(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${database.appRole}`);
  await database.query(`GRANT USAGE ON SCHEMA public TO ${database.appRole}`);
  app = await Test.createTestingModule({
    imports: [
      EventEmitterModule.forRoot(),
      TenancyModule.forRoot({
        store: ({ system }) => new TypeOrmTenantStore(system),
        database: { url: database.appUrl, entities: [] },
      }),
    ],
    providers: [Ear],
  })
    .setLogger(new ConsoleLogger({ logLevels: [] }))
    .compile();
  await app.init();
  lifecycle = app.get(TenantLifecycle);
  ear = app.get(Ear);
});
afterAll(() => app.close());

describeTenantAdministration('TenantLifecycle', () => ({
  administration: app.get(TenantAdministration),
  store: { findById: (id) => app.get(TenantService).findTenant(id) },
  hasSchema: async (schema) =>
    (await database.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema])).length > 0,
  endGrace: async (id) => {
    await database.query('UPDATE public.tenants SET drop_after = now() WHERE id = $1', [id]);
  },
}));

describe('the events of a tenant’s life', () => {
  beforeEach(() => {
    ear.heard.length = 0;
  });

  it('say what was done, to whom and by whom, when it is stored', async () => {
    const ann = lifecycle.as('ann@example.com');
    await ann.createTenant({ id: 'acme' });
    await ann.suspendTenant('acme');
    await ann.suspendTenant('acme');
    await ann.restoreTenant('acme');
    await ann.changeTenant('acme', { name: 'Acme Inc.', plan: 'gold' });
    await ann.archiveTenant('acme');
    await ann.dropTenant('acme', { confirm: 'acme', erase: true });

    const everyone = { tenantId: 'acme', actor: 'ann@example.com', at: expect.any(Date) };
    expect(ear.heard).toEqual([
      ['created', { ...everyone, tenant: expect.objectContaining({ status: 'active' }) }],
      ['suspended', { ...everyone, tenant: expect.objectContaining({ status: 'suspended' }) }],
      ['restored', { ...everyone, tenant: expect.objectContaining({ status: 'active' }) }],
      ['changed', { ...everyone, tenant: expect.objectContaining({ plan: 'gold' }), fields: ['name', 'plan'] }],
      ['renamed', { ...everyone, tenant: expect.objectContaining({ name: 'Acme Inc.' }), previousName: 'acme' }],
      [
        'archived',
        { ...everyone, tenant: expect.objectContaining({ status: 'archived' }), dropAfter: expect.any(Date) },
      ],
      ['dropped', { ...everyone, tenant: expect.objectContaining({ schema: 't_acme' }) }],
    ]);
  });

  it('do not undo it where a listener fails', async () => {
    const emitter = app.get(EventEmitter2);
    const fail = () => {
      throw new Error('a listener of the application');
    };
    emitter.on('tenant.created', fail);
    await expect(lifecycle.createTenant({ id: 'initech' })).resolves.toMatchObject({ status: 'active' });
    emitter.off('tenant.created', fail);
  });

  it('are none of what was refused', async () => {
    await lifecycle.createTenant({ id: 'umbrella' });
    ear.heard.length = 0;
    await lifecycle.createTenant({ id: 'umbrella' }).catch(() => undefined);
    await lifecycle.dropTenant('umbrella', { confirm: 'umbrella' }).catch(() => undefined);

    expect(ear.heard).toEqual([]);
  });
});

describe('the audit trail of an application', () => {
  it('has the name that it gave, or its own', async () => {
    await lifecycle.createTenant({ id: 'hooli' });
    await lifecycle.as('ann@example.com').suspendTenant('hooli');

    const entries = await lifecycle.trail.read({ tenantId: 'hooli' });
    expect(entries.map(({ actor, action }) => [actor, action])).toEqual([
      ['ann@example.com', 'tenant.suspended'],
      ['application', 'tenant.created'],
    ]);
  });
});

describe('where a schema is ready', () => {
  it('it is the next tenant’s, and goes with it', async () => {
    const ready = app.get(ReadySchemas);
    await ready.refill({ count: 1 });
    const [{ schema }] = (await ready.status()).schemas;
    expect(await lifecycle.createTenant({ id: 'hasty' })).toMatchObject({ id: 'hasty', schema, status: 'active' });
    expect(await app.get(TenantService).findTenant('hasty')).toMatchObject({ schema });
    expect((await ready.status()).ready).toBe(0);
    await lifecycle.dropTenant('hasty', { confirm: 'hasty', erase: true });
    expect(await database.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema])).toEqual([]);
  });

  it('and the row is not written, repeating makes the tenant with another, and the first one is named', async () => {
    const ready = app.get(ReadySchemas);
    await ready.refill({ count: 2 });
    const [left, next] = (await ready.status()).schemas;
    await database.query(
      `CREATE FUNCTION public.interrupt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'interrupted'; END $$`,
    );
    await database.query(
      'CREATE TRIGGER interrupt BEFORE UPDATE ON public.tenants FOR EACH ROW EXECUTE FUNCTION public.interrupt()',
    );
    await expect(lifecycle.createTenant({ id: 'unlucky' })).rejects.toThrow('interrupted');
    expect(await app.get(TenantService).findTenant('unlucky')).not.toMatchObject({ status: 'active' });
    await database.query('DROP FUNCTION public.interrupt() CASCADE');

    expect(await lifecycle.createTenant({ id: 'unlucky' })).toMatchObject({ schema: next.schema, status: 'active' });
    expect(await app.get(TenancyDoctor).examine()).toContainEqual(
      expect.objectContaining({
        code: 'SCHEMA_ORPHANED',
        object: left.schema,
        message: expect.stringContaining(`made for tenant unlucky, who has the schema ${next.schema}`),
      }),
    );
    await lifecycle.dropTenant('unlucky', { confirm: 'unlucky', erase: true });
    await database.query(`DROP SCHEMA ${left.schema} CASCADE`);
  });
});

describe('a tenant that is made again after it was dropped', () => {
  it('has no schema of that name: what is still cached by it is not for the new one', async () => {
    const { schema } = await lifecycle.createTenant({ id: 'phoenix' });
    await lifecycle.dropTenant('phoenix', { confirm: 'phoenix', erase: true });
    const again = await lifecycle.createTenant({ id: 'phoenix' });

    expect(again).toMatchObject({ id: 'phoenix', status: 'active' });
    expect(again.schema).not.toBe(schema);
    expect(await app.get(TenantService).findTenant('phoenix')).toMatchObject({ schema: again.schema });
  });
});

describe('where the server ends transactions that say nothing', () => {
  it('a tenant whose migrations take longer is made, under its lock', async () => {
    const url = new URL(database.appUrl);
    url.searchParams.set('options', '-c idle_in_transaction_session_timeout=100');
    const slow = migration('Slow1700000000001', ['CREATE TABLE notes (id int)', 'SELECT pg_sleep(0.5)']);
    const module = await Test.createTestingModule({
      imports: [
        TenancyModule.forRoot({
          store: ({ system }) => new TypeOrmTenantStore(system),
          database: { url: url.href, entities: [], migrations: [slow] },
        }),
      ],
    })
      .setLogger(new ConsoleLogger({ logLevels: [] }))
      .compile();
    await expect(module.get(TenantLifecycle).createTenant({ id: 'patient' })).resolves.toMatchObject({
      status: 'active',
    });
    await module.close();
  });
});

import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useTestDatabase } from '../../../../test/support/test-database.js';
import { currentScope, runInScope } from '../context/tenancy-scope.js';
import {
  TenancyOptionsError,
  TenantContextMissingError,
  TenantMismatchError,
  TenantNotFoundError,
} from '../tenancy.errors.js';
import { defineTenant } from '../tenants/tenant.js';
import type { TenantDatabaseOptions } from './tenant-database-options.js';
import { TenantDataSourceFactory } from './tenant-data-source.factory.js';
import { TenantDatabase } from './tenant-database.js';

@Entity('messages')
class Message {
  @PrimaryGeneratedColumn() id: number;
  @Column('text') body: string;
}

@Entity('settings', { schema: 'public' })
class SystemSetting {
  @PrimaryGeneratedColumn() id: number;
  @Column('text') name: string;
}

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const globex = defineTenant({ id: 'globex', schema: 't_globex' });
const asAcme = <T>(work: () => T): T => runInScope({ tenant: acme }, work);
const asGlobex = <T>(work: () => T): T => runInScope({ tenant: globex }, work);

const database = useTestDatabase();
let factory: TenantDataSourceFactory;

const newFactory = (options: Partial<TenantDatabaseOptions> = {}): TenantDataSourceFactory =>
  new TenantDataSourceFactory(
    { url: database.appUrl, entities: [Message, SystemSetting], poolSize: 2, ...options },
    async (id) => {
      if (id === 'acme') return acme;
      throw new TenantNotFoundError(id);
    },
  );

beforeAll(async () => {
  for (const schema of ['t_acme', 't_globex']) {
    await database.query(`CREATE SCHEMA ${schema} AUTHORIZATION ${database.appRole}`);
    await database.query(`CREATE TABLE ${schema}.messages (id serial PRIMARY KEY, body text NOT NULL)`);
    await database.query(`ALTER TABLE ${schema}.messages OWNER TO ${database.appRole}`);
  }
  await database.query('CREATE TABLE public.settings (id serial PRIMARY KEY, name text NOT NULL)');
  await database.query(`GRANT ALL ON public.settings, public.settings_id_seq TO ${database.appRole}`);
  factory = newFactory();
  await factory.initialize();
});
afterAll(() => factory.destroy());

const messages = () => factory.dataSource.getRepository(Message);
const bodies = async () => (await messages().find({ order: { id: 'ASC' } })).map(({ body }) => body);

describe('the injected DataSource', () => {
  it('saves, finds, counts and removes in the current tenant’s schema', async () => {
    const saved = await asAcme(() => messages().save({ body: 'hello acme' }));
    expect(await asAcme(bodies)).toEqual(['hello acme']);
    expect(await asGlobex(bodies)).toEqual([]);
    expect(await asGlobex(() => messages().findOneBy({ id: saved.id }))).toBeNull();
    expect(await database.query('SELECT body FROM t_acme.messages')).toEqual([{ body: 'hello acme' }]);
    await asAcme(() => messages().clear());
    expect(await asAcme(() => messages().count())).toBe(0);
  });

  it('takes a savepoint back whoever is the current tenant by then, and commits what is around it', async () => {
    await asAcme(() =>
      factory.dataSource.transaction(async (manager) => {
        await manager.save(Message, { body: 'kept' });
        const scope = currentScope()!;
        const nested = manager.transaction(async (inner) => {
          await inner.save(Message, { body: 'taken back' });
          scope.tenant = globex;
          await inner.save(Message, { body: 'refused' });
        });
        await expect(nested).rejects.toMatchObject({ code: 'TENANT_MISMATCH' });
        scope.tenant = acme;
      }),
    );
    expect(await asAcme(bodies)).toEqual(['kept']);
    expect(await asGlobex(bodies)).toEqual([]);
    await asAcme(() => messages().clear());
  });

  it('works in transactions of every kind, and rolls back whole', async () => {
    const failing = asAcme(() =>
      factory.dataSource.transaction(async (manager) => {
        await manager.save(Message, { body: 'gone' });
        await manager.transaction(async (nested) => nested.save(Message, { body: 'gone too' }));
        throw new Error('no');
      }),
    );
    await expect(failing).rejects.toThrow('no');
    expect(await asAcme(bodies)).toEqual([]);
    await asAcme(() =>
      factory.dataSource.transaction('SERIALIZABLE', async (manager) => {
        await manager.save(Message, { body: 'kept' });
        await manager
          .transaction(async (nested) => {
            await nested.save(Message, { body: 'lost' });
            throw new Error('inner');
          })
          .catch(() => undefined);
        expect((await manager.query('SHOW transaction_isolation'))[0].transaction_isolation).toBe('serializable');
      }),
    );
    expect(await asAcme(bodies)).toEqual(['kept']);
    await asAcme(() => messages().clear());
  });

  it('streams', async () => {
    await asAcme(() => messages().save([{ body: 'one' }, { body: 'two' }]));
    const stream = await asAcme(() => messages().createQueryBuilder('m').orderBy('m.id').stream());
    const rows: string[] = [];
    for await (const row of stream) rows.push((row as unknown as { m_body: string }).m_body);
    expect(rows).toEqual(['one', 'two']);
    await asAcme(() => messages().clear());
  });

  it('looks for tables in the schema of the tenant, not in the one it connected in', async () => {
    const runner = factory.dataSource.createQueryRunner();
    expect(await asAcme(() => runner.hasTable('messages'))).toBe(true);
    expect(await asAcme(() => runner.hasTable('settings'))).toBe(false);
    expect(await asAcme(() => runner.getCurrentSchema())).toBe('t_acme');
    expect((await asAcme(() => runner.getTable('messages')))?.columns.map(({ name }) => name)).toEqual(['id', 'body']);
    await runner.release();
  });

  it('refuses to work without a tenant', async () => {
    await expect(bodies()).rejects.toThrow(TenantContextMissingError);
    await expect(factory.dataSource.query('SELECT 1')).rejects.toThrow(TenantContextMissingError);
    await expect(factory.dataSource.transaction(async () => undefined)).rejects.toThrow(TenantContextMissingError);
  });

  it('refuses a query runner that was opened for another tenant', async () => {
    const runner = factory.dataSource.createQueryRunner();
    await asAcme(() => runner.connect());
    await expect(asGlobex(() => runner.query('SELECT 1'))).rejects.toMatchObject({
      driverError: expect.any(TenantMismatchError),
    });
    await runner.release();
  });

  it('reads an entity of the system by its schema, in whatever scope', async () => {
    await asAcme(() => factory.dataSource.getRepository(SystemSetting).count());
    await factory.system.getRepository(SystemSetting).save({ name: 'motd' });
    expect(await asGlobex(() => factory.dataSource.getRepository(SystemSetting).count())).toBe(1);
  });
});

describe('a DataSource that is bound to a tenant or to the system', () => {
  it('keeps to it whatever the context says', async () => {
    const ofAcme = factory.forTenant(acme);
    await asGlobex(() => ofAcme.getRepository(Message).save({ body: 'for acme' }));
    expect(await asAcme(bodies)).toEqual(['for acme']);
    expect(await asGlobex(bodies)).toEqual([]);
    expect(await ofAcme.manager.find(Message)).toHaveLength(1);
    expect(await ofAcme.query('SELECT current_schema() AS s')).toEqual([{ s: 't_acme' }]);
    expect(await ofAcme.createQueryBuilder(Message, 'm').getCount()).toBe(1);
    await asGlobex(() => ofAcme.transaction((manager) => manager.clear(Message)));
    expect(await asAcme(bodies)).toEqual([]);
    expect(await asAcme(() => factory.system.query('SELECT current_schema() AS s'))).toEqual([{ s: 'public' }]);
  });

  it('looks up the tenant of an id when it is used', async () => {
    expect(await factory.forTenant('acme').query('SELECT current_schema() AS s')).toEqual([{ s: 't_acme' }]);
    await expect(factory.forTenant('nobody').query('SELECT 1')).rejects.toThrow(TenantNotFoundError);
  });

  it('is not changed by what becomes of the object that it was asked with', async () => {
    const mutable = { ...acme };
    await factory.forTenant(mutable).query('SELECT 1');
    Object.assign(mutable, { id: 'globex', schema: 't_globex' });
    expect(await factory.forTenant(mutable).query('SELECT current_schema() AS s')).toEqual([{ s: 't_globex' }]);
  });

  it('is what subscribers and migrations find on its query runner', async () => {
    const runner = factory.forTenant(acme).createQueryRunner();
    expect(await asGlobex(() => runner.dataSource.query('SELECT current_schema() AS s'))).toEqual([{ s: 't_acme' }]);
    expect(await asGlobex(() => runner.manager.query('SELECT current_schema() AS s'))).toEqual([{ s: 't_acme' }]);
    await runner.release();
  });

  it('cannot end the DataSource of all tenants', async () => {
    await expect(factory.forTenant(acme).destroy()).rejects.toThrow(TenancyOptionsError);
    await expect(factory.system.synchronize()).rejects.toThrow(TenancyOptionsError);
    expect(factory.dataSource.isInitialized).toBe(true);
  });

  it('costs no connection of its own', async () => {
    const tenants = Array.from({ length: 300 }, (_, n) => defineTenant({ id: `n${n}`, schema: 't_acme' }));
    await Promise.all(tenants.map((tenant) => factory.forTenant(tenant).query('SELECT 1')));
    const [{ count }] = (await database.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = $1',
      [database.appRole],
    )) as [{ count: number }];
    expect(count).toBeLessThanOrEqual(2);
  });
});

describe('a session', () => {
  it('is one transaction of the current, of a named tenant, or of the system', async () => {
    const sessions = new TenantDatabase(factory.dataSource, async () => acme, factory.outside);
    await asAcme(() => sessions.session((manager) => manager.save(Message, { body: 'mine' })));
    await expect(
      asAcme(() =>
        sessions.session(async (manager) => {
          await manager.save(Message, { body: 'not mine' });
          throw new Error('no');
        }),
      ),
    ).rejects.toThrow('no');
    expect(await sessions.session('acme', (manager) => manager.count(Message))).toBe(1);
    expect(await asAcme(() => sessions.session(globex, (manager) => manager.count(Message)))).toBe(0);
    expect(
      await asAcme(() => sessions.systemSession((manager) => manager.query('SELECT current_schema() AS s'))),
    ).toEqual([{ s: 'public' }]);
    expect(await asGlobex(() => sessions.session(acme, bodies))).toEqual(['mine']);
    await expect(sessions.session(async () => undefined)).rejects.toThrow(TenantContextMissingError);
    await asAcme(() => messages().clear());
  });
});

describe('options that go round the tenants', () => {
  it.each(['schema', 'synchronize', 'migrationsRun', 'dropSchema', 'driver'])('%s is refused', (name) => {
    expect(() => newFactory({ [name]: true })).toThrow(`database.${name} would go round the tenants`);
  });

  it('replication is refused, with what to use for it', () => {
    const replication = { master: {}, slaves: [] };
    for (const options of [{ replication }, { default: {}, eu: { url: 'postgres://eu/app', replication } }]) {
      expect(() => new TenantDataSourceFactory(options as TenantDatabaseOptions, async () => acme)).toThrow(
        /a replica is late.*TenantDataSourceFactory of its own with the replica's url/,
      );
    }
  });

  it('pipelined statements are refused', async () => {
    await expect(newFactory({ extra: { pipeline: true } }).initialize()).rejects.toThrow(TenancyOptionsError);
  });

  it('public is no shared schema', () => {
    expect(() => newFactory({ sharedSchemas: ['public'] })).toThrow('cannot be a shared schema');
  });
});

describe('the login role', () => {
  it('is warned of, or refused, where it could reach around the binding', async () => {
    await expect(newFactory({ url: database.url, strict: true }).initialize()).rejects.toThrow(
      /superuser[\s\S]*search_path = ''/,
    );
    const careful = newFactory({ strict: true });
    await careful.initialize();
    await careful.destroy();
  });
});

describe('a shared schema', () => {
  it('is found after the tenant’s own, by every tenant', async () => {
    await database.query('CREATE SCHEMA extensions');
    await database.query("CREATE FUNCTION extensions.shout(text) RETURNS text LANGUAGE sql AS 'SELECT upper($1)'");
    await database.query(`GRANT USAGE ON SCHEMA extensions TO ${database.appRole}`);
    const sharing = newFactory({ sharedSchemas: ['extensions'] });
    await sharing.initialize();
    expect(await sharing.forTenant(acme).query("SELECT shout('a') AS s, current_schema() AS c")).toEqual([
      { s: 'A', c: 't_acme' },
    ]);
    await expect(factory.forTenant(acme).query("SELECT shout('a')")).rejects.toThrow('does not exist');
    await sharing.destroy();
  });
});

describe('an end in the middle of a transaction', () => {
  it('commits nothing and leaves no connection', async () => {
    const ending = newFactory();
    await ending.initialize();
    const runner = ending.dataSource.createQueryRunner();
    await asAcme(async () => {
      await runner.startTransaction();
      await runner.manager.save(Message, { body: 'half done' });
    });
    await ending.destroy();
    expect(await asAcme(bodies)).toEqual([]);
  });
});

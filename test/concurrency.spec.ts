import { Body, Controller, Get, Injectable, Module, Post } from '@nestjs/common';
import type { MiddlewareConsumer, NestMiddleware, NestModule } from '@nestjs/common';
import { InjectDataSource, InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import type { Tenant } from 'nestjs-tenancy';
import { CurrentTenant, defineTenant, HeaderTenantResolver, InMemoryTenantStore, TenancyModule } from 'nestjs-tenancy';
import { Column, DataSource, Entity, PrimaryGeneratedColumn, Repository } from 'typeorm';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { TenantBindings } from '../libs/tenancy/src/database/binding/tenant-binding.js';
import type { RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';
import { useTestDatabase } from './support/test-database.js';

const REQUESTS = 1_000;
const POOL_SIZE = 5;
const tenants = [defineTenant({ id: 'acme', schema: 't_acme' }), defineTenant({ id: 'globex', schema: 't_globex' })];

@Entity('notes')
class Note {
  @PrimaryGeneratedColumn() id: number;
  @Column('text') owner: string;
}

@Controller('notes')
class NotesController {
  constructor(
    @InjectRepository(Note) private readonly notes: Repository<Note>,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  @Get()
  async list(): Promise<string[]> {
    return (await this.notes.find({ take: 50 })).map(({ owner }) => owner);
  }

  /** Writes and reads in a transaction, with an await between. */
  @Post()
  async add(@Body() { owner }: { owner: string }): Promise<string[]> {
    return this.dataSource.transaction(async (manager) => {
      await manager.save(Note, { owner });
      await new Promise(setImmediate);
      return (await manager.find(Note, { order: { id: 'DESC' }, take: 5 })).map((note) => note.owner);
    });
  }
}

@Controller('whoami')
class WhoAmIController {
  @Get()
  whoAmI(@CurrentTenant() tenant: Tenant): string[] {
    return [tenant.id];
  }
}

const database = useTestDatabase();
let running: RunningApp | undefined;

beforeAll(async () => {
  for (const { schema } of tenants) {
    await database.query(`CREATE SCHEMA ${schema} AUTHORIZATION ${database.appRole}`);
    await database.query(`CREATE TABLE ${schema}.notes (id serial PRIMARY KEY, owner text NOT NULL)`);
    await database.query(`ALTER TABLE ${schema}.notes OWNER TO ${database.appRole}`);
  }
});
afterEach(async () => {
  vi.restoreAllMocks();
  await running?.app.close();
  await database.query('TRUNCATE t_acme.notes, t_globex.notes');
});

@Module({
  imports: [
    TenancyModule.forRootAsync({
      useFactory: () => ({
        store: new InMemoryTenantStore(tenants),
        resolvers: [new HeaderTenantResolver()],
        database: { url: database.appUrl, entities: [Note], poolSize: POOL_SIZE },
      }),
    }),
    TypeOrmModule.forFeature([Note]),
  ],
  controllers: [NotesController, WhoAmIController],
})
class BoundModule {}

/** Sends reads and writes of two tenants all at once; counts the answers that hold somebody else's row. */
async function foreignRows(app: RunningApp): Promise<{ answered: number; foreign: number }> {
  const paths = ['/notes', '/notes', '/whoami'];
  const asks = Array.from({ length: REQUESTS }, async (_, n) => {
    const owner = n % 2 ? 'acme' : 'globex';
    const headers = { 'x-tenant-id': owner };
    const answer =
      n % 5 === 0
        ? await app.call('POST', '/notes', { headers, body: { owner } })
        : await app.call('GET', paths[n % paths.length] ?? '/notes', { headers });
    return { ok: answer.status < 300, owners: Array.isArray(answer.body) ? (answer.body as string[]) : [], owner };
  });
  const answers = await Promise.all(asks);
  return {
    answered: answers.filter(({ ok }) => ok).length,
    foreign: answers.filter(({ owners, owner }) => owners.some((found) => found !== owner)).length,
  };
}

describe.each(adapters)(
  `${REQUESTS} requests of two tenants at once over ${POOL_SIZE} connections, on %s`,
  (adapter) => {
    it('each see only their own tenant’s rows', async () => {
      running = await startApp(BoundModule, adapter);
      expect(await foreignRows(running)).toEqual({ answered: REQUESTS, foreign: 0 });
      for (const { id, schema } of tenants) {
        const owners = await database.query(`SELECT DISTINCT owner FROM ${schema}.notes`);
        expect(owners).toEqual([{ owner: id }]);
      }
    });
  },
);

describe('the same requests, so that the count above means something', () => {
  it('see each other’s rows where every statement is bound to one tenant', async () => {
    const bindings = new TenantBindings();
    // From after the start, which would find it out.
    running = await startApp(BoundModule);
    vi.spyOn(TenantBindings.prototype, 'of').mockReturnValue(bindings.of({ tenant: tenants[0] }));
    expect((await foreignRows(running)).foreign).toBeGreaterThan(0);
  });

  it('see each other’s rows where a middleware sets search_path in the pool', async () => {
    running = await startApp(HandWrittenModule);
    expect((await foreignRows(running)).foreign).toBeGreaterThan(0);
  });
});

/** What teams write by hand: a statement on one connection of the pool, the work on another. */
@Injectable()
class SearchPathMiddleware implements NestMiddleware {
  constructor(private readonly dataSource: DataSource) {}

  use(request: { headers: Record<string, string> }, _response: unknown, next: (error?: unknown) => void): void {
    this.dataSource.query(`SET search_path TO t_${request.headers['x-tenant-id']}`).then(() => next(), next);
  }
}

@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      useFactory: () => ({ type: 'postgres', url: database.appUrl, entities: [Note], poolSize: POOL_SIZE }),
    }),
    TypeOrmModule.forFeature([Note]),
  ],
  controllers: [NotesController],
})
class HandWrittenModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(SearchPathMiddleware).forRoutes('{*splat}');
  }
}

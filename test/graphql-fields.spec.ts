import type { ApolloDriverConfig } from '@nestjs/apollo';
import { ApolloDriver, ApolloFederationDriver } from '@nestjs/apollo';
import type { DynamicModule, Type } from '@nestjs/common';
import { Inject, Module } from '@nestjs/common';
import {
  Directive,
  Field,
  GraphQLModule,
  Int,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  ResolveReference,
  Resolver,
} from '@nestjs/graphql';
import type { MercuriusDriverConfig } from '@nestjs/mercurius';
import { MercuriusDriver } from '@nestjs/mercurius';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BypassTenancy, InMemoryTenantStore, TenancyModule, TenantContext, TenantNotFoundError } from 'nestjs-tenancy';
import type { Adapter, RunningApp } from './support/start-app.js';
import { startApp } from './support/start-app.js';

/** What each reference saw. */
const seen: string[] = [];

@ObjectType()
@Directive('@key(fields: "n")')
class Note {
  @Field(() => Int)
  n: number;
}

@ObjectType()
@Directive('@key(fields: "n")')
class Page {
  @Field(() => Int)
  n: number;
}

@ObjectType()
@Directive('@key(fields: "n")')
class Word {
  @Field(() => Int)
  n: number;
}

abstract class InheritedReference {
  @Inject(TenantContext)
  readonly tenants: TenantContext;

  @ResolveReference()
  resolveReference({ n }: { n: number }): { n: number } {
    seen.push(`reference: ${this.tenants.tenantId}`);
    return { n };
  }
}

@Resolver(() => Note)
class NotesResolver {
  constructor(readonly tenants: TenantContext) {}

  @BypassTenancy()
  @Query(() => Note)
  open(): Note {
    return { n: 1 };
  }

  @ResolveField(() => String)
  whose(): string {
    return this.tenants.getOrThrow().id;
  }

  @ResolveField(() => String)
  async later(@Parent() { n }: Note): Promise<string> {
    return `${n} of ${this.tenants.getOrThrow().id}`;
  }

  @BypassTenancy()
  @ResolveField(() => String)
  nobodys(): string {
    return `${this.tenants.tenantId}`;
  }

  @ResolveReference()
  resolveReference({ n }: { n: number }): Note {
    seen.push(`reference: ${this.tenants.tenantId}`);
    return { n };
  }
}

@Resolver(() => Page)
class PagesResolver extends InheritedReference {}

@Resolver(() => Word)
@BypassTenancy()
class WordsResolver extends InheritedReference {}

function appOf(graphql: DynamicModule): Type {
  @Module({
    imports: [
      TenancyModule.forRoot({
        store: new InMemoryTenantStore([
          { id: 'acme', schema: 't_acme' },
          { id: 'globex', schema: 't_globex', status: 'suspended' },
        ]),
      }),
      graphql,
    ],
    providers: [
      NotesResolver,
      PagesResolver,
      {
        provide: WordsResolver,
        inject: [TenantContext],
        useFactory: (tenants: TenantContext) => Object.assign(new WordsResolver(), { tenants }),
      },
    ],
  })
  class AppModule {}
  return AppModule;
}

interface Body {
  readonly data: Record<string, unknown> | null;
  readonly errors?: Array<{ readonly message: string; readonly extensions: { readonly code: string } }>;
}

async function ask({ call }: RunningApp, query: string, tenant?: string): Promise<Body> {
  const headers: Record<string, string> = tenant === undefined ? {} : { 'x-tenant-id': tenant };
  return (await call('POST', '/graphql', { body: { query }, headers })).body as Body;
}

const buildSchemaOptions = { orphanedTypes: [Page, Word] };
const apollo: ApolloDriverConfig = { driver: ApolloDriver, autoSchemaFile: true, buildSchemaOptions };
const mercurius: MercuriusDriverConfig = { driver: MercuriusDriver, autoSchemaFile: true, buildSchemaOptions };
const drivers: Array<[driver: string, adapter: Adapter, graphql: DynamicModule]> = [
  ['Apollo', 'Express', GraphQLModule.forRoot(apollo)],
  ['Mercurius', 'Fastify', GraphQLModule.forRoot(mercurius)],
];

describe.each(drivers)('a field below one that belongs to no tenant, with %s', (_driver, adapter, graphql) => {
  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp(appOf(graphql), adapter);
  });
  afterAll(() => running.app.close());

  it('has the tenant of the request, unless it belongs to none as well', async () => {
    const { data } = await ask(running, '{ open { whose later nobodys } }', 'acme');

    expect(data).toEqual({ open: { whose: 'acme', later: '1 of acme', nobodys: 'undefined' } });
  });

  it.each(['whose', 'later'])('tells a suspended tenant from none in the log alone: %s', async (field) => {
    const [unknown, suspended] = await Promise.all(
      ['nobody', 'globex'].map((id) => ask(running, `{ open { ${field} } }`, id)),
    );

    expect(unknown.errors![0].message).toBe('There is no such tenant, or you may not use it.');
    expect(unknown.errors![0].extensions.code).toBe('TENANT_NOT_FOUND');
    expect(suspended).toEqual(unknown);
  });

  it('is what it was for whoever calls its method: at once where it was, and with the error that was thrown', () => {
    const notes = new NotesResolver({ getOrThrow: () => ({ id: 'acme' }) } as TenantContext);
    const lost = new NotesResolver({
      getOrThrow: () => {
        throw new TenantNotFoundError('nobody');
      },
    } as unknown as TenantContext);

    expect(notes.whose()).toBe('acme');
    expect(() => lost.whose()).toThrow(TenantNotFoundError);
  });
});

describe('what another service refers to', () => {
  const federation: ApolloDriverConfig = {
    driver: ApolloFederationDriver,
    autoSchemaFile: { federation: 2 },
    buildSchemaOptions,
  };
  const entities = (type: string): string =>
    `{ _entities(representations: [{ __typename: "${type}", n: 7 }]) { ... on ${type} { n } } }`;

  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp(appOf(GraphQLModule.forRoot(federation)));
  });
  afterEach(() => {
    seen.length = 0;
  });
  afterAll(() => running.app.close());

  it.each(['Note', 'Page'])('has the tenant of the request: %s', async (type) => {
    expect((await ask(running, entities(type), 'acme')).data).toEqual({ _entities: [{ n: 7 }] });
    expect(seen).toEqual(['reference: acme']);
  });

  describe.each(['Note', 'Page'])('%s', (type) => {
    it.each([
      [undefined, 'TENANT_REQUIRED'],
      ['nobody', 'TENANT_NOT_FOUND'],
      ['globex', 'TENANT_NOT_FOUND'],
      ['../acme', 'TENANT_ID_INVALID'],
    ])('is refused before its resolver: %s', async (tenant, code) => {
      const { errors } = await ask(running, entities(type), tenant);

      expect(errors!.map(({ extensions }) => extensions.code)).toEqual([code]);
      expect(seen).toEqual([]);
    });
  });

  it('sees no tenant where it belongs to none, also of a resolver that a factory made', async () => {
    expect((await ask(running, entities('Word'), 'acme')).data).toEqual({ _entities: [{ n: 7 }] });
    expect((await ask(running, entities('Word'))).data).toEqual({ _entities: [{ n: 7 }] });
    expect(seen).toEqual(['reference: undefined', 'reference: undefined']);
  });
});

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  TenancyModule,
  TenancyOptionsError,
  TenantContext,
  TenantMoves,
  TenantNotFoundError,
  TenantSchemaService,
  TypeOrmTenantStore,
} from 'nestjs-tenancy';
import { DataSource, EntitySchema } from 'typeorm';

export const Note = new EntitySchema({
  name: 'Note',
  tableName: 'notes',
  columns: { id: { type: 'int', primary: true, generated: true }, key: { type: 'text' }, body: { type: 'text' } },
});

export const Counter = new EntitySchema({
  name: 'Counter',
  tableName: 'counters',
  columns: { id: { type: 'int', primary: true }, count: { type: 'int' } },
});

class CreateAll1700000000001 {
  name = 'CreateAll1700000000001';
  async up(runner) {
    // The key is not unique, so that what is stored twice is seen.
    await runner.query('CREATE TABLE notes (id serial PRIMARY KEY, key text NOT NULL, body text NOT NULL)');
    await runner.query('CREATE TABLE counters (id int PRIMARY KEY, count int NOT NULL)');
    await runner.query('CREATE TABLE tags (note int NOT NULL REFERENCES notes)');
    await runner.query('CREATE INDEX ON notes (key)');
  }
  async down() {}
}

export const REGISTRY = `
  CREATE TABLE public.tenants (
    id text PRIMARY KEY, name text NOT NULL, schema text NOT NULL, status text NOT NULL, domains text[] NOT NULL DEFAULT '{}',
    plan text NOT NULL DEFAULT 'default', config jsonb NOT NULL DEFAULT '{}', database text, metadata jsonb NOT NULL DEFAULT '{}')`;

/** A registry of the application's own: a table, and what a move needs of it. */
class Registry {
  constructor(system) {
    this.system = system;
    this.table = new TypeOrmTenantStore(system);
  }

  findById(id) {
    return this.table.findById(id);
  }

  async placeTenant(id, { database, from }) {
    const [rows, changed] = await this.system.query(
      `UPDATE public.tenants SET database = $2 WHERE id = $1 AND COALESCE(database, 'default') = $3 RETURNING id`,
      [id, database, from],
    );
    if (changed === 0) throw new TenancyOptionsError(`The tenant ${id} is not on ${from}.`);
    if (rows.length === 0) throw new TenantNotFoundError(id);
    return this.findById(id);
  }
}

/** The library as an application has it: two servers, and a registry that is asked again after a quarter of a second. */
export async function openService({ default: main, eu }) {
  class App {}
  Module({
    imports: [
      TenancyModule.forRoot({
        store: ({ system }) => new Registry(system),
        cache: { ttl: 250 },
        database: {
          default: {
            url: main.url,
            entities: [Note, Counter],
            migrations: [CreateAll1700000000001],
            logging: false,
            poolSize: 8,
          },
          eu: { url: eu.url },
        },
      }),
    ],
  })(App);
  const app = await NestFactory.createApplicationContext(App, { logger: false });
  return {
    context: app.get(TenantContext),
    dataSource: app.get(DataSource),
    moves: app.get(TenantMoves),
    schemas: app.get(TenantSchemaService),
    close: () => app.close(),
  };
}

import type { Tenant, TenantInit, TenancyModuleOptions } from 'nestjs-tenancy';
import {
  defineTenant,
  ReadySchemas,
  TenancyDoctor,
  TenancyModule,
  TenantDatabase,
  TenantDataSourceFactory,
  TenantErasure,
  TenantExports,
  TenantMigrations,
  TenantMoves,
  TenantSchemaService,
} from 'nestjs-tenancy';
import { Test } from '@nestjs/testing';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { afterEach } from 'vitest';
import { PlacingTenantStore } from './placing-tenant-store.js';

type MigrationClass = new () => MigrationInterface;
type Database = NonNullable<TenancyModuleOptions['database']>;

export interface Fleet {
  readonly tenants: readonly Tenant[];
  readonly store: PlacingTenantStore;
  readonly migrations: TenantMigrations;
  readonly schemas: TenantSchemaService;
  readonly ready: ReadySchemas;
  readonly doctor: TenancyDoctor;
  readonly factory: TenantDataSourceFactory;
  readonly database: TenantDatabase;
  readonly moves: TenantMoves;
  readonly exports: TenantExports;
  readonly erasure: TenantErasure;
}

/** Starts the module as an application does; what was started is closed after each test. */
export function useFleets(): (
  tenants: readonly TenantInit[],
  database: Database,
  options?: Partial<TenancyModuleOptions>,
) => Promise<Fleet> {
  const open: Array<() => Promise<void>> = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((close) => close()));
  });
  return async (inits, database, options = {}) => {
    const tenants = inits.map(defineTenant);
    const store = new PlacingTenantStore(tenants);
    const tenancy = TenancyModule.forRoot({ store, database, ...options });
    const app = await Test.createTestingModule({ imports: [tenancy] }).compile();
    app.enableShutdownHooks();
    const factory = app.get(TenantDataSourceFactory);
    open.push(async () => {
      await app.close();
    });
    return {
      tenants,
      store,
      factory,
      migrations: app.get(TenantMigrations),
      schemas: app.get(TenantSchemaService),
      database: app.get(TenantDatabase),
      moves: app.get(TenantMoves),
      exports: app.get(TenantExports),
      erasure: app.get(TenantErasure),
      ready: app.get(ReadySchemas),
      doctor: app.get(TenancyDoctor),
    };
  };
}

/** Acme, globex and others, as many as are asked for. */
export function tenantInits(count: number): TenantInit[] {
  return ['acme', 'globex', ...Array.from({ length: count }, (_, n) => `other${n + 3}`)]
    .slice(0, count)
    .map((id) => ({ id, schema: `t_${id}` }));
}

interface Steps {
  readonly down?: string[];
  readonly transaction?: boolean;
}

/** A migration that sends these statements, or does what the function does. */
export function migration(
  name: string,
  up: string[] | ((runner: QueryRunner) => Promise<void>),
  { down = [], transaction }: Steps = {},
): MigrationClass {
  return class implements MigrationInterface {
    name = name;
    transaction = transaction;
    async up(runner: QueryRunner): Promise<void> {
      if (typeof up === 'function') await up(runner);
      else for (const sql of up) await runner.query(sql);
    }
    async down(runner: QueryRunner): Promise<void> {
      for (const sql of down) await runner.query(sql);
    }
  };
}

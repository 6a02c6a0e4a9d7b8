import {
  InMemoryTenantStore,
  ReadySchemas,
  TenancyModule,
  TenantMigrations,
  TenantSchemaService,
} from 'nestjs-tenancy';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { Module } from '@nestjs/common';

/** Opens the library as an application does. */
export async function openLibrary(url, tenants, migrations) {
  class App {}
  Module({
    imports: [
      TenancyModule.forRoot({ store: new InMemoryTenantStore(tenants), database: { url, migrations, logging: false } }),
    ],
  })(App);
  const app = await NestFactory.createApplicationContext(App, { logger: false });
  return {
    migrations: app.get(TenantMigrations),
    schemas: app.get(TenantSchemaService),
    ready: app.get(ReadySchemas),
    close: () => app.close(),
  };
}

/** The usual way: a DataSource for each tenant, `runMigrations()`, so many at once. */
export async function migrateByDataSource(url, tenants, migrations, concurrency) {
  const left = [...tenants];
  const worker = async () => {
    for (let tenant = left.shift(); tenant; tenant = left.shift()) {
      const dataSource = new DataSource({
        type: 'postgres',
        url,
        schema: tenant.schema,
        extra: { options: `-c search_path=${tenant.schema}`, max: 1 },
        migrations,
        logging: false,
        installExtensions: false,
      });
      await dataSource.initialize();
      try {
        await dataSource.runMigrations();
      } finally {
        await dataSource.destroy();
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** Tenants, none of which has failed. Throws where one has. */
export async function migrateByLibrary({ migrations }) {
  const report = await migrations.migrate();
  if (!report.isComplete) throw new Error(`Not complete: ${JSON.stringify(report.counts)}`);
  return report;
}

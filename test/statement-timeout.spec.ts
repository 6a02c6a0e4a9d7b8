import { Controller, Get, Module } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { InMemoryTenantStore, TenancyModule } from 'nestjs-tenancy';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';
import { useTestDatabase } from './support/test-database.js';

@Controller()
class ReportsController {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  @Get('slow')
  slow(): Promise<unknown> {
    return this.dataSource.query('SELECT pg_sleep(30)');
  }

  @Get('broken')
  broken(): Promise<unknown> {
    return this.dataSource.query('SELECT * FROM nothing');
  }
}

const database = useTestDatabase();

@Module({
  imports: [
    TenancyModule.forRootAsync({
      useFactory: () => ({
        store: new InMemoryTenantStore([{ id: 'acme', schema: 't_acme' }]),
        database: { url: database.appUrl, statementTimeout: 50 },
      }),
    }),
  ],
  controllers: [ReportsController],
})
class AppModule {}

describe.each(adapters)('a statement that takes longer than its tenant may, on %s', (adapter) => {
  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp(AppModule, adapter);
  });
  afterAll(() => running.app.close());
  const get = (path: string) => running.call('GET', path, { headers: { 'x-tenant-id': 'acme' } });

  it('is answered 504, and not asked for again at once', async () => {
    const answer = await get('/slow');
    expect(answer.body).toMatchObject({ status: 504, code: 'STATEMENT_TIMEOUT' });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.headers.has('retry-after')).toBe(false);
    expect(answer.text).not.toMatch(/acme|pg_sleep/);
  });

  it('leaves any other failure of a statement to the application’s own filters', async () => {
    expect((await get('/broken')).body).toEqual({ statusCode: 500, message: 'Internal server error' });
  });
});

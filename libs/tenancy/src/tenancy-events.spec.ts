import { ConsoleLogger, Injectable } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { expect, it } from 'vitest';
import { useTestDatabase } from '../../../test/support/test-database.js';
import { TenantContext } from './context/tenant-context.js';
import { ISOLATION_VIOLATION } from './tenancy-events.js';
import { IsolationViolationError } from './tenancy.errors.js';
import { TenancyModule } from './tenancy.module.js';
import { InMemoryTenantStore } from './tenants/in-memory-tenant-store.js';

const database = useTestDatabase();

@Injectable()
class Alarm {
  readonly heard: unknown[] = [];

  @OnEvent(ISOLATION_VIOLATION)
  ring(violation: unknown): void {
    this.heard.push(violation);
  }
}

it('an application hears of a statement that left its tenant’s search_path, where the server reports it', async () => {
  await database.query(`CREATE SCHEMA t_acme AUTHORIZATION ${database.appRole}`);
  const [{ reports }] = await database.query<{ reports: boolean }>(
    "SELECT current_setting('server_version_num')::int >= 180000 AS reports",
  );
  const app = await Test.createTestingModule({
    imports: [
      EventEmitterModule.forRoot(),
      TenancyModule.forRoot({
        store: new InMemoryTenantStore([{ id: 'acme', schema: 't_acme' }]),
        database: { url: database.appUrl, logging: false },
      }),
    ],
    providers: [Alarm],
  })
    .setLogger(new ConsoleLogger({ logLevels: [] }))
    .compile();
  await app.init();
  const wander = app
    .get(TenantContext)
    .run('acme', () => app.get(DataSource).transaction((manager) => manager.query('SET LOCAL search_path TO public')));
  if (reports) {
    await expect(wander).rejects.toMatchObject({ driverError: { code: 'ISOLATION_VIOLATION' } });
    expect(app.get(Alarm).heard).toEqual([expect.any(IsolationViolationError)]);
  } else await wander;
  await app.close();
});

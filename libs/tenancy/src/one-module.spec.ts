import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { describe, expect, it } from 'vitest';
import { QueryTenantResolver } from './resolution/resolvers/query.resolver.js';
import { TenancyOptionsError } from './tenancy.errors.js';
import { TenancyModule } from './tenancy.module.js';
import { InMemoryTenantStore } from './tenants/in-memory-tenant-store.js';

const store = new InMemoryTenantStore([{ id: 'acme', schema: 't_acme' }]);
const strict = (): DynamicModule => TenancyModule.forRoot({ store });
const lax = (): DynamicModule =>
  TenancyModule.forRootAsync({
    useFactory: () => ({ store, required: false, resolvers: [new QueryTenantResolver()] }),
    withDatabase: false,
  });

async function start(...imports: DynamicModule[]): Promise<void> {
  @Module({ imports: imports.slice(1) })
  class FeatureModule {}
  @Module({ imports: [imports[0], FeatureModule] })
  class AppModule {}

  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  await app.close();
}

describe('an application', () => {
  it.each([
    ['its own before', [strict, lax]],
    ['its own after', [lax, strict]],
    ['the same twice', [strict, strict]],
  ])('does not start where another module brings TenancyModule once more: %s', async (_order, [own, other]) => {
    const starting = start(own(), other());

    await expect(starting).rejects.toThrow(TenancyOptionsError);
    await expect(starting).rejects.toThrow(
      'TenancyModule is in this application 2 times, each with options of its own, and a request can follow one of them. ' +
        'Call forRoot() or forRootAsync() once, in the root module.',
    );
  });

  it('may import the one in several modules, and the repositories of features beside it', async () => {
    const tenancy = strict();

    await expect(start(tenancy, tenancy, TenancyModule.forFeature([]))).resolves.toBeUndefined();
  });

  it('has one, whatever another application in the process has', async () => {
    await expect(Promise.all([start(strict()), start(lax())])).resolves.toHaveLength(2);
  });
});

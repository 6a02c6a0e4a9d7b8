import { createClient } from '@keyv/redis';
import { Controller, Get, Module } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CurrentTenant, InMemoryTenantStore, TenancyModule } from 'nestjs-tenancy';
import { RedisThrottlerStorage, TenantThrottlerModule } from 'nestjs-tenancy/throttler';
import type { RunningApp } from './support/start-app.js';
import { startApp } from './support/start-app.js';

const url = process.env.TEST_REDIS_URL;
const MINUTE = 60_000;

@Controller()
class WhoController {
  @Get('who')
  who(@CurrentTenant('id') id: string): unknown {
    return { id };
  }
}

describe.skipIf(!url)('two instances with one Redis', () => {
  const client = createClient({ url });
  const prefix = `tenancy:limits:${process.pid}:${Date.now()}:`;
  let instances: RunningApp[] = [];
  let started = 0;

  beforeAll(async () => {
    await client.connect();
  });
  afterEach(async () => {
    await Promise.all(instances.map(({ app }) => app.close()));
    instances = [];
  });
  afterAll(async () => {
    const keys = await client.keys(`${prefix}*`);
    if (keys.length > 0) await client.del(keys);
    await client.close();
  });

  async function start(isShared = true): Promise<void> {
    started += 1;
    for (const adapter of ['Express', 'Fastify'] as const) {
      const storage = isShared ? new RedisThrottlerStorage(client, `${prefix}${started}:`) : undefined;
      @Module({
        imports: [
          TenancyModule.forRoot({
            store: new InMemoryTenantStore([
              { id: 'acme', schema: 't_acme' },
              { id: 'globex', schema: 't_globex' },
            ]),
          }),
          TenantThrottlerModule.forRoot({
            plans: { default: { limit: 10, ttl: MINUTE } },
            address: { limit: 6, ttl: MINUTE },
            storage,
            storageTimeout: 5_000,
          }),
        ],
        controllers: [WhoController],
      })
      class AppModule {}
      instances.push(await startApp(AppModule, adapter));
    }
  }

  const ask = (instance: number, tenant: string) =>
    instances[instance].call('GET', '/who', { headers: { 'x-tenant-id': tenant } });
  const statuses = async (times: number, tenant: string) => {
    const all = Array.from({ length: times }, (_, n) => ask(n % 2, tenant));
    return (await Promise.all(all)).map(({ status }) => status);
  };

  it('give a tenant one quota, also where all comes at once', async () => {
    await start();

    const answers = await statuses(40, 'acme');

    expect(answers.filter((status) => status === 200)).toHaveLength(10);
    expect(answers.filter((status) => status === 429)).toHaveLength(30);
    expect((await ask(1, 'globex')).status).toBe(200);
  });

  it('keep keys of known tenants only, and of addresses', async () => {
    await start();
    await statuses(4, 'acme');
    for (const nobody of ['eve', 'mallory']) expect((await ask(0, nobody)).status).toBe(404);

    const own = `${prefix}${started}:`;
    const keys = (await client.keys(`${own}*`)).map((key) => key.slice(own.length)).sort();
    expect(keys).toEqual(['{address:127.0.0.1}', '{tenant:acme:default}']);
  });

  it('count an address together', async () => {
    await start();
    for (let n = 0; n < 6; n += 1) expect((await ask(n % 2, 'nobody')).status).toBe(404);

    // Each instance learns of it from the next request that it refuses itself.
    for (const instance of [0, 1]) while ((await ask(instance, 'nobody')).status !== 429);
    expect((await client.get(`${prefix}${started}:{address:127.0.0.1}`))?.toString()).toBe('6');
  });

  it('without it have a quota each', async () => {
    await start(false);

    expect((await statuses(40, 'acme')).filter((status) => status === 200)).toHaveLength(20);
  });
});

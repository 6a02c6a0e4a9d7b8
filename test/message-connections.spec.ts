import { AsyncResource } from 'node:async_hooks';
import { Controller, Module } from '@nestjs/common';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { EventPattern, MessagePattern, Server, TcpContext } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { BypassTenancy, InMemoryTenantStore, TenancyModule, TenantContext } from 'nestjs-tenancy';
import type { RunningApp } from './support/start-app.js';
import { startApp } from './support/start-app.js';

type Deliver = (pattern: string, tenant?: string) => Promise<unknown>;

/** Hands out messages as the clients of brokers do: in the context in which their connection was opened. */
class BrokerServer extends Server {
  deliver: Deliver;

  /** @param isOpened whether the connection is there before anybody listens. */
  constructor(private readonly isOpened = false) {
    super();
    this.deliver = this.open();
  }

  listen(done: () => void): void {
    if (!this.isOpened) this.deliver = this.open();
    done();
  }

  close(): void {}
  on(): void {}
  unwrap<T>(): T {
    return this as unknown as T;
  }

  private open(): Deliver {
    return AsyncResource.bind(async (pattern: string, tenant?: string) => {
      const context = new TcpContext([undefined as never, pattern, tenant ? { 'x-tenant-id': tenant } : {}]);
      const result: unknown = await this.getHandlerByPattern(pattern)!(0, context);
      return isObservable(result) ? lastValueFrom(result) : result;
    });
  }
}

const handled: string[] = [];
let running: RunningApp;
const started: BrokerServer[] = [];

async function start(strategy: BrokerServer, inheritAppConfig: boolean): Promise<void> {
  running.app.connectMicroservice<MicroserviceOptions>({ strategy }, { inheritAppConfig });
  await running.app.startAllMicroservices();
  started.push(strategy);
}

@Controller()
class NotesController {
  constructor(private readonly tenants: TenantContext) {}

  @MessagePattern('who')
  who(): unknown {
    handled.push(`${this.tenants.tenantId}`);
    return this.tenants.tenantId;
  }

  @EventPattern('happened')
  happened(_n: number): void {
    handled.push(`${this.tenants.tenantId}`);
  }

  @BypassTenancy()
  @MessagePattern('health')
  health(): unknown {
    return [this.tenants.tenantId, this.tenants.isSystem];
  }

  @MessagePattern('start')
  async start(): Promise<void> {
    await start(new BrokerServer(), false);
  }
}

const store = new InMemoryTenantStore([
  { id: 'acme', schema: 't_acme' },
  { id: 'globex', schema: 't_globex' },
]);

@Module({ imports: [TenancyModule.forRoot({ store })], controllers: [NotesController] })
class ServiceModule {}

const ways: Array<[how: string, start: (work: () => Promise<void>) => Promise<unknown>]> = [
  ['by nobody', (work) => work()],
  ['by the system', (work) => running.app.get(TenantContext).runAsSystem(work)],
  ['in a request of acme', (work) => running.app.get(TenantContext).run('acme', work)],
];

describe.each(ways)('a microservice that is started %s', (_how, startedBy) => {
  afterEach(async () => {
    await running.app.close();
    handled.length = started.length = 0;
  });

  it('handles each message as the tenant that it names', async () => {
    running = await startApp(ServiceModule, 'Express');
    await startedBy(() => start(new BrokerServer(), true));
    const [{ deliver }] = started;

    expect(await Promise.all([deliver('who', 'globex'), deliver('who', 'acme')])).toEqual(['globex', 'acme']);
    await expect(deliver('who')).rejects.toMatchObject({ code: 'TENANT_REQUIRED' });
    await deliver('happened', 'globex');
    expect([...handled].sort()).toEqual(['acme', 'globex', 'globex']);
    expect(await deliver('health', 'globex')).toEqual([undefined, false]);
  });

  it('refuses each before its handler where it has not taken over the application’s configuration', async () => {
    running = await startApp(ServiceModule, 'Express');
    await startedBy(() => start(new BrokerServer(), false));
    const [{ deliver }] = started;

    for (const tenant of ['globex', 'acme', undefined]) {
      await expect(deliver('who', tenant)).rejects.toMatchObject({ status: 'error' });
      await expect(deliver('happened', tenant)).rejects.toMatchObject({ status: 'error' });
    }
    expect(handled).toEqual([]);
    expect(await deliver('health', 'globex')).toEqual([undefined, false]);
  });

  it('does so too where the strategy had its connection before', async () => {
    running = await startApp(ServiceModule, 'Express');
    await startedBy(() => start(new BrokerServer(true), false));
    const [{ deliver }] = started;

    await expect(deliver('who', 'globex')).rejects.toMatchObject({ status: 'error' });
    expect(handled).toEqual([]);
    // Refused, where it would run as a tenant that nobody named.
    expect(await deliver('health').catch(() => [undefined, false])).not.toContain('acme');
  });
});

describe('a microservice that the message of another one starts', () => {
  it('does not take that message’s tenant for its own', async () => {
    running = await startApp(ServiceModule, 'Express');
    await start(new BrokerServer(), true);
    await started[0].deliver('start', 'acme');

    await expect(started[1].deliver('who', 'globex')).rejects.toMatchObject({ status: 'error' });
    expect(await started[1].deliver('health', 'globex')).toEqual([undefined, false]);
    expect(handled).toEqual([]);
    await running.app.close();
  });
});

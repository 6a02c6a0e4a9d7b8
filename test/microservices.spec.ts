import { setTimeout as later } from 'node:timers/promises';
import type {
  ArgumentsHost,
  CallHandler,
  CanActivate,
  ExceptionFilter,
  ExecutionContext,
  NestInterceptor,
} from '@nestjs/common';
import { Catch, Controller, Injectable, Module, UseFilters, UseGuards, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { ClientOptions, ClientProxy, MicroserviceOptions } from '@nestjs/microservices';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  NatsRecordBuilder,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { headers } from '@nats-io/transport-node';
import type { Observable } from 'rxjs';
import { catchError, defer, from, lastValueFrom, map, mergeMap, of, throwError, toArray } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  BypassTenancy,
  CurrentTenant,
  InMemoryTenantStore,
  sendTenant,
  TenancyModule,
  TenantContext,
} from 'nestjs-tenancy';
import { findFreePort } from '../apps/sandbox/src/ports.js';
import { hasNats, startNats } from './support/nats-server.js';
import { startApp } from './support/start-app.js';

/** What each part of a message saw. */
const seen: string[] = [];
const handled: string[] = [];

@Injectable()
class SeeingGuard implements CanActivate {
  constructor(private readonly tenants: TenantContext) {}

  async canActivate(): Promise<boolean> {
    await later(1);
    seen.push(`guard: ${this.tenants.tenantId}`);
    return true;
  }
}

@Injectable()
class SeeingInterceptor implements NestInterceptor {
  constructor(private readonly tenants: TenantContext) {}

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    seen.push(`interceptor: ${this.tenants.tenantId}`);
    return next.handle();
  }
}

class Teapot extends Error {}

@Catch(Teapot)
class SeeingFilter implements ExceptionFilter {
  constructor(private readonly tenants: TenantContext) {}

  catch(_error: Teapot, _host: ArgumentsHost): Observable<never> {
    seen.push(`filter: ${this.tenants.tenantId}`);
    return throwError(() => ({ code: `teapot of ${this.tenants.tenantId}` }));
  }
}

@Controller()
@UseGuards(SeeingGuard)
@UseInterceptors(SeeingInterceptor)
@UseFilters(SeeingFilter)
class WhoController {
  constructor(private readonly tenants: TenantContext) {}

  @MessagePattern('who')
  async who(@CurrentTenant('id') id: string, @Payload() n: number): Promise<unknown> {
    handled.push(`who ${id}`);
    await later(n % 3);
    return { id, later: this.tenants.tenantId };
  }

  @MessagePattern('lines')
  lines(): Observable<string | undefined> {
    return from([1, 2, 3]).pipe(
      mergeMap(async (n) => {
        await later(n);
        return this.tenants.tenantId;
      }),
    );
  }

  @MessagePattern('fails')
  async fails(): Promise<never> {
    await later(1);
    throw new Teapot();
  }

  @MessagePattern('fails-later')
  failsLater(): Observable<never> {
    return defer(async () => {
      await later(1);
      throw new Teapot();
    });
  }

  @EventPattern('happened')
  happened(@Payload() n: number): void {
    handled.push(`happened ${n} ${this.tenants.tenantId}`);
  }

  @BypassTenancy()
  @MessagePattern('health')
  health(): unknown {
    return { id: this.tenants.tenantId ?? null };
  }
}

const store = new InMemoryTenantStore([
  { id: 'acme', schema: 't_acme' },
  { id: 'globex', schema: 't_globex' },
  { id: 'dormant', schema: 't_dormant', status: 'suspended' },
]);

@Module({ imports: [TenancyModule.forRoot({ store })], controllers: [WhoController] })
class ServiceModule {}

/** Who sends: the same tenants, another process in real life. */
@Module({ imports: [TenancyModule.forRoot({ store })] })
class SenderModule {}

const redisUrl = process.env.TEST_REDIS_URL;
const transports: Array<[name: string, isHere: boolean]> = [
  ['TCP', true],
  ['Redis', redisUrl !== undefined],
  ['NATS', hasNats],
];

async function transport(name: string): Promise<{ options: MicroserviceOptions; stop(): Promise<void> }> {
  if (name === 'NATS') {
    const { url, stop } = await startNats();
    return { options: { transport: Transport.NATS, options: { servers: [url] } }, stop };
  }
  const stop = async (): Promise<void> => undefined;
  if (name === 'Redis') {
    const { hostname: host, port, pathname } = new URL(redisUrl!);
    const options = { host, port: Number(port), db: Number(pathname.slice(1)) };
    return { options: { transport: Transport.REDIS, options }, stop };
  }
  return { options: { transport: Transport.TCP, options: { host: '127.0.0.1', port: await findFreePort() } }, stop };
}

describe.each(transports.filter(([, isHere]) => isHere))('a message by %s', (name) => {
  let context: TenantContext;
  let client: ClientProxy;
  /** One that knows no tenancy. */
  let stranger: ClientProxy;
  const closing: Array<() => unknown> = [];

  beforeAll(async () => {
    const { options, stop } = await transport(name);
    const service = await NestFactory.createMicroservice<MicroserviceOptions>(ServiceModule, {
      ...options,
      logger: false,
    });
    await service.listen();
    const sender = await NestFactory.createApplicationContext(SenderModule, { logger: false });
    context = sender.get(TenantContext);
    client = sendTenant(ClientProxyFactory.create(options as ClientOptions));
    stranger = ClientProxyFactory.create(options as ClientOptions);
    closing.push(
      () => client.close(),
      () => stranger.close(),
      () => sender.close(),
      () => service.close(),
      stop,
    );
  });
  afterAll(async () => {
    for (const close of closing) await close();
  });
  afterEach(() => {
    seen.length = 0;
    handled.length = 0;
  });

  const as = (id: string, pattern: string, data: unknown = 0): Promise<unknown> =>
    context.run(id, () => lastValueFrom(client.send<unknown>(pattern, data)));

  /** A message whose header says what its sender wrote there. */
  const says = (id: unknown, pattern: string): Promise<unknown> => {
    const own = stranger as unknown as { onDispatchHook?: unknown };
    if (name === 'NATS') {
      const given = headers();
      for (const value of [id].flat()) given.append('X-Tenant-ID', String(value));
      return lastValueFrom(stranger.send<unknown>(pattern, new NatsRecordBuilder(0).setHeaders(given).build()));
    }
    stranger.setOnDispatchHook((packet) => {
      packet.metadata = { 'X-Tenant-ID': id as string };
    });
    return lastValueFrom(stranger.send<unknown>(pattern, 0)).finally(() => delete own.onDispatchHook);
  };

  it('is handled as the tenant that it was sent as, in guard, interceptor and handler', async () => {
    expect(await as('acme', 'who')).toEqual({ id: 'acme', later: 'acme' });
    expect(seen).toEqual(['guard: acme', 'interceptor: acme']);
  });

  it('never sees the tenant of another one that is handled at the same time', async () => {
    const ids = Array.from({ length: 60 }, (_, n) => (n % 2 ? 'acme' : 'globex'));

    const answers = await Promise.all(ids.map((id, n) => as(id, 'who', n)));

    expect(answers).toEqual(ids.map((id) => ({ id, later: id })));
  });

  it('keeps its tenant in what the handler streams', async () => {
    const stream = (id: string) => context.run(id, () => lastValueFrom(client.send('lines', 0).pipe(toArray())));

    expect(await Promise.all([stream('acme'), stream('globex')])).toEqual([
      ['acme', 'acme', 'acme'],
      ['globex', 'globex', 'globex'],
    ]);
  });

  it('is answered in the scope of who asked, whoever used the client first', async () => {
    const heard = (id: string, answers: Observable<unknown>): Promise<unknown> =>
      context.run(id, () =>
        lastValueFrom(
          answers.pipe(
            map(() => context.tenantId),
            catchError(() => of(context.tenantId)),
          ),
          { defaultValue: undefined },
        ),
      );

    for (const id of ['acme', 'globex', 'acme']) {
      const twice = client.send('who', 0).pipe(mergeMap(() => client.send('who', 1)));
      expect([
        await heard(id, client.send('who', 0)),
        await heard(id, client.send('fails', 0)),
        await heard(id, twice),
      ]).toEqual([id, id, id]);
      const ended = await context.run(
        id,
        () =>
          new Promise((resolve) => {
            client.emit('happened', 0).subscribe({ complete: () => resolve(context.tenantId) });
          }),
      );
      expect(ended).toBe(id);
    }
  });

  it.each(['fails', 'fails-later'])('has its tenant in an exception filter: %s', async (pattern) => {
    const failures = await Promise.allSettled([as('acme', pattern), as('globex', pattern)]);

    expect(failures.map((failure) => (failure as PromiseRejectedResult).reason)).toEqual([
      { code: 'teapot of acme' },
      { code: 'teapot of globex' },
    ]);
    expect(seen.filter((line) => line.startsWith('filter')).sort()).toEqual(['filter: acme', 'filter: globex']);
  });

  it('may be an event', async () => {
    await Promise.all(
      [1, 2, 3, 4].map((n) =>
        context.run(n % 2 ? 'acme' : 'globex', () => lastValueFrom(client.emit('happened', n), { defaultValue: 0 })),
      ),
    );

    await expect.poll(() => handled.length).toBe(4);
    expect([...handled].sort()).toEqual([
      'happened 1 acme',
      'happened 2 globex',
      'happened 3 acme',
      'happened 4 globex',
    ]);
  });

  it('that names nobody is refused before the handler', async () => {
    const answer = lastValueFrom(stranger.send('who', 0));

    await expect(answer).rejects.toMatchObject({ code: 'TENANT_REQUIRED' });
    await lastValueFrom(stranger.emit('happened', 9), { defaultValue: 0 });
    // What comes after it on the same way has been handled, and it has not.
    await as('acme', 'who');
    expect(handled).toEqual(['who acme']);
  });

  it.each([
    ['nobody', 'TENANT_NOT_FOUND'],
    ['dormant', 'TENANT_NOT_FOUND'],
    ['../acme', 'TENANT_ID_INVALID'],
    [['acme', 'globex'], 'TENANT_ID_INVALID'],
  ])('that names %j is refused before the handler', async (id, code) => {
    await expect(says(id, 'who')).rejects.toMatchObject({ code });
    expect(handled).toEqual([]);
  });

  it('may name its tenant in any case', async () => {
    expect(await says('globex', 'who')).toEqual({ id: 'globex', later: 'globex' });
  });

  it('to a handler that belongs to no tenant needs none, and sees none', async () => {
    expect(await lastValueFrom(stranger.send('health', 0))).toEqual({ id: null });
    expect(await as('acme', 'health')).toEqual({ id: null });
    expect(await says('nobody', 'health')).toEqual({ id: null });
  });

  it('is not sent at all where there is no current tenant', async () => {
    await expect(lastValueFrom(client.send('health', 0))).rejects.toMatchObject({ code: 'TENANT_CONTEXT_MISSING' });
  });

  it.runIf(name === 'NATS')('names who sends it, in a record that is sent by two at once', async () => {
    const given = headers();
    given.set('X-Tenant-ID', 'nobody');
    const record = new NatsRecordBuilder(1).setHeaders(given).build();

    await Promise.all(
      ['acme', 'globex'].map((id) =>
        context.run(id, () => lastValueFrom(client.emit('happened', record), { defaultValue: 0 })),
      ),
    );

    await expect.poll(() => handled.length).toBe(2);
    expect([...handled].sort()).toEqual(['happened 1 acme', 'happened 1 globex']);
  });

  it('of the system names nobody', async () => {
    const sent = context.runAsSystem(() => lastValueFrom(client.send('who', 0)));

    await expect(sent).rejects.toMatchObject({ code: 'TENANT_REQUIRED' });
    expect(await context.runAsSystem(() => lastValueFrom(client.send('health', 0)))).toEqual({ id: null });
  });
});

describe('a microservice that is connected to an application', () => {
  it.each([
    ['takes over its guards and hooks', true, ['acme', 'acme', 'acme']],
    ['without them is refused before the handler', false, undefined],
  ])('%s: inheritAppConfig: %s', async (_how, inheritAppConfig, expected) => {
    const { options } = await transport('TCP');
    const { app } = await startApp(ServiceModule, 'Express', (starting) => {
      starting.connectMicroservice(options, { inheritAppConfig });
    });
    await app.startAllMicroservices();
    const client = sendTenant(ClientProxyFactory.create(options as ClientOptions));
    const context = app.get(TenantContext);

    const [answer] = await Promise.allSettled([
      context.run('acme', () => lastValueFrom(client.send<unknown>('lines', 0).pipe(toArray()))),
    ]);
    await context.run('acme', () => lastValueFrom(client.emit('happened', 1), { defaultValue: undefined }));
    const healthy = await context.runAsSystem(() => lastValueFrom(client.send<unknown>('health', 0)));
    if (inheritAppConfig) await expect.poll(() => handled.length).toBe(1);
    await client.close();
    await app.close();

    expect(answer.status === 'fulfilled' ? answer.value : undefined).toEqual(expected);
    expect(healthy).toEqual({ id: null });
    expect(handled).toEqual(inheritAppConfig ? ['happened 1 acme'] : []);
    handled.length = 0;
  });
});

import type {
  CanActivate,
  ExecutionContext,
  INestApplication,
  MiddlewareConsumer,
  NestModule,
  Type,
} from '@nestjs/common';
import { Controller, Get, Global, HttpException, Injectable, Module, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { SkipThrottle, Throttle, ThrottlerModule } from '@nestjs/throttler';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { TenantResolver } from 'nestjs-tenancy';
import {
  BypassTenancy,
  ClaimTenantResolver,
  CurrentTenant,
  HeaderTenantResolver,
  InMemoryTenantStore,
  TenancyModule,
} from 'nestjs-tenancy';
import type { TenantThrottlerOptions } from 'nestjs-tenancy/throttler';
import { TenantThrottlerGuard, TenantThrottlerModule } from 'nestjs-tenancy/throttler';
import type { Adapter, Answer, RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';

const MINUTE = 60_000;
const store = new InMemoryTenantStore([
  { id: 'acme', schema: 't_acme', plan: 'free' },
  { id: 'globex', schema: 't_globex', plan: 'pro' },
  { id: 'initech', schema: 't_initech', plan: 'of another time' },
  { id: 'dormant', schema: 't_dormant', status: 'suspended' },
]);
const options: TenantThrottlerOptions = {
  plans: { free: { limit: 3, ttl: MINUTE }, pro: { limit: 6, ttl: MINUTE } },
  address: { limit: 4, ttl: MINUTE },
};

@Controller()
class WhoController {
  @Get('who')
  who(@CurrentTenant('id') id: string): unknown {
    return { id };
  }

  @Get('else')
  else(@CurrentTenant('id') id: string): unknown {
    return { id };
  }

  @Get('rare')
  @Throttle({ default: { limit: 1, ttl: MINUTE } })
  rare(): unknown {
    return {};
  }

  @Get('free')
  @SkipThrottle()
  free(): unknown {
    return {};
  }

  @Get('public')
  @BypassTenancy()
  public(): unknown {
    return {};
  }
}

/** Another part of the application, which has a controller of that name too. */
const OtherModule = ((): Type => {
  @Controller('other')
  class WhoController {
    @Get('rare')
    @Throttle({ default: { limit: 1, ttl: MINUTE } })
    rare(): unknown {
      return {};
    }
  }
  @Module({ controllers: [WhoController] })
  class OtherModule {}
  return OtherModule;
})();

type Authenticated = { headers: Record<string, string>; user?: unknown };
/** A token that a real authentication would verify: `acme`, or `platform`. */
function authenticate(request: Authenticated): boolean {
  const name = request.headers.authorization;
  request.user = ['acme', 'globex'].includes(name)
    ? { tenant: name }
    : name === 'platform'
      ? { role: name }
      : undefined;
  return request.user !== undefined;
}
const claims = () => new ClaimTenantResolver('tenant', { mayActForAny: (user) => user.role === 'platform' });

@Injectable()
class AuthenticationGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return authenticate(context.switchToHttp().getRequest());
  }
}

@Global()
@Module({})
class AuthenticationModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((request: Authenticated, _response: unknown, next: (error?: unknown) => void) =>
        next(authenticate(request) ? undefined : new HttpException('Who are you?', 401)),
      )
      .forRoutes('{*splat}');
  }
}

let running: RunningApp | undefined;
afterEach(async () => {
  await running?.app.close();
  running = undefined;
  vi.restoreAllMocks();
});

interface Parts {
  readonly imports?: Array<Type | ReturnType<typeof TenantThrottlerModule.forRoot>>;
  readonly resolvers?: TenantResolver[];
  readonly providers?: Array<{ provide: string; useClass: Type }>;
  readonly controller?: Type;
}

async function start(
  adapter: Adapter,
  { imports = [], resolvers, providers = [], controller }: Parts,
  configure?: (app: INestApplication) => void,
): Promise<void> {
  @Module({
    imports: [...imports, TenancyModule.forRoot({ store, resolvers: resolvers ?? [new HeaderTenantResolver()] })],
    controllers: [controller ?? WhoController],
    providers,
  })
  class AppModule {}
  running = await startApp(AppModule, adapter, configure, { trustProxy: true });
}

const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  running!.call('GET', path, { headers });
const as = (tenant: string) => ({ 'x-tenant-id': tenant });
/** The statuses of requests that come one after the other. */
async function statuses(times: number, path: string, headers: Record<string, string>): Promise<number[]> {
  const all: number[] = [];
  for (let n = 0; n < times; n += 1) all.push((await get(path, headers)).status);
  return all;
}

describe.each(adapters)('on %s', (adapter) => {
  describe('a tenant', () => {
    it('has what its plan says, over all routes, and leaves the others theirs', async () => {
      await start(adapter, { imports: [TenantThrottlerModule.forRoot(options)] });

      expect(await statuses(2, '/who', as('acme'))).toEqual([200, 200]);
      expect(await statuses(2, '/else', as('acme'))).toEqual([200, 429]);
      expect(await statuses(7, '/who', as('globex'))).toEqual([200, 200, 200, 200, 200, 200, 429]);
    });

    it('is told what is left, and when to come again', async () => {
      await start(adapter, { imports: [TenantThrottlerModule.forRoot(options)] });

      const first = await get('/who', as('acme'));
      expect(first.headers.get('ratelimit-policy')).toBe('"tenant";q=3;w=60');
      expect(first.headers.get('ratelimit')).toBe('"tenant";r=2;t=60');
      await statuses(2, '/who', as('acme'));
      const { status, headers, body } = await get('/who', as('acme'));
      expect(status).toBe(429);
      expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
      expect(body).toEqual({
        type: 'about:blank',
        title: 'Too Many Requests',
        status: 429,
        code: 'TENANT_QUOTA_EXCEEDED',
        detail: 'The tenant uses all that it may use now. Try again later.',
      });
      const wait = Number(headers.get('retry-after'));
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(60);
      expect(headers.get('ratelimit')).toBe(`"tenant";r=0;t=${wait}`);
    });

    it('of a plan that is not named has the lowest limit, or the one of `default`', async () => {
      await start(adapter, { imports: [TenantThrottlerModule.forRoot(options)] });
      expect(await statuses(4, '/who', as('initech'))).toEqual([200, 200, 200, 429]);
      await running!.app.close();

      const plans = { ...options.plans, default: { limit: 1, ttl: MINUTE } };
      await start(adapter, { imports: [TenantThrottlerModule.forRoot({ ...options, plans })] });
      expect(await statuses(2, '/who', as('initech'))).toEqual([200, 429]);
    });

    it('has what a function says of it', async () => {
      const plans = ({ id }: { id: string }) => ({ limit: id === 'acme' ? 1 : 2, ttl: MINUTE });
      await start(adapter, { imports: [TenantThrottlerModule.forRoot({ plans })] });

      expect(await statuses(2, '/who', as('acme'))).toEqual([200, 429]);
      expect(await statuses(3, '/who', as('globex'))).toEqual([200, 200, 429]);
    });

    it('has a count of its own on a route with numbers of its own, and none where it is skipped', async () => {
      await start(adapter, { imports: [TenantThrottlerModule.forRoot(options)] });

      expect(await statuses(2, '/rare', as('acme'))).toEqual([200, 429]);
      expect(await statuses(1, '/rare', as('globex'))).toEqual([200]);
      expect(await statuses(6, '/free', as('acme'))).toEqual([200, 200, 200, 200, 200, 200]);
      expect(await statuses(4, '/who', as('acme'))).toEqual([200, 200, 200, 429]);
    });

    it('has counts of their own on routes of two controllers of one name', async () => {
      await start(adapter, { imports: [TenantThrottlerModule.forRoot(options), OtherModule] });

      expect(await statuses(2, '/rare', as('acme'))).toEqual([200, 429]);
      expect(await statuses(2, '/other/rare', as('acme'))).toEqual([200, 429]);
    });

    it('is counted once though the guard is registered twice', async () => {
      await start(adapter, {
        imports: [TenantThrottlerModule.forRoot(options)],
        providers: [{ provide: APP_GUARD, useClass: TenantThrottlerGuard }],
      });

      expect(await statuses(4, '/who', as('acme'))).toEqual([200, 200, 200, 429]);
    });

    it('over its limit does not use up that of its address', async () => {
      await start(adapter, { imports: [TenantThrottlerModule.forRoot(options)] });

      await statuses(12, '/who', as('acme'));
      expect(await statuses(1, '/who', as('globex'))).toEqual([200]);
    });
  });

  describe('a request of nobody’s', () => {
    it.each([
      ['that names no tenant', '/who', {}, 400],
      ['of an unknown tenant', '/who', as('nobody'), 404],
      ['of a suspended tenant', '/who', as('dormant'), 404],
      ['for a route of none', '/public', as('acme'), 200],
      ['for no route', '/nowhere', as('acme'), 404],
    ])('%s counts for its address', async (_which, path, headers, status) => {
      await start(adapter, { imports: [TenantThrottlerModule.forRoot(options)] });

      expect(await statuses(6, path, headers)).toEqual([status, status, status, status, 429, 429]);
    });

    it('whose body is none counts for its address too, and is not read once that is refused', async () => {
      await start(adapter, { imports: [TenantThrottlerModule.forRoot(options)] });
      const send = async (): Promise<number> => (await running!.call('POST', '/who', { body: '{"a":' })).status;

      const all: number[] = [];
      for (let n = 0; n < 6; n += 1) all.push(await send());
      expect(all).toEqual([400, 400, 400, 400, 429, 429]);
    });

    it('by which a browser asks whether it may send one does not count', async () => {
      await start(adapter, { imports: [TenantThrottlerModule.forRoot(options)] }, (app) => app.enableCors());
      const preflight = { origin: 'https://acme.example', 'access-control-request-method': 'GET' };

      for (let n = 0; n < 6; n += 1) {
        expect((await running!.call('OPTIONS', '/who', { headers: preflight })).status).toBe(204);
      }
    });

    it('by which nobody is told whether he may send one counts', async () => {
      await start(adapter, { imports: [TenantThrottlerModule.forRoot(options)] });
      const preflight = { origin: 'https://acme.example', 'access-control-request-method': 'GET' };

      const all: number[] = [];
      for (let n = 0; n < 5; n += 1) all.push((await running!.call('OPTIONS', '/who', { headers: preflight })).status);
      expect(all.at(-1)).toBe(429);
    });

    it('counts for none on a path that is excluded, and is not refused there', async () => {
      const exclude = ['/public'];
      await start(adapter, { imports: [TenantThrottlerModule.forRoot({ ...options, exclude })] });

      expect(await statuses(6, '/public?n', {})).toEqual([200, 200, 200, 200, 200, 200]);
      await statuses(4, '/who', {});
      expect([...(await statuses(1, '/who', {})), ...(await statuses(1, '/public', {}))]).toEqual([429, 200]);
    });

    it('counts for the address that a trusted proxy names, an IPv6 one for its /64', async () => {
      await start(adapter, { imports: [TenantThrottlerModule.forRoot(options)] });
      const from = (address: string) => ({ 'x-forwarded-for': address });

      await statuses(4, '/who', from('2001:db8::1'));
      expect(await statuses(1, '/who', from('2001:db8::2'))).toEqual([429]);
      expect(await statuses(1, '/who', from('2001:db8:0:1::1'))).toEqual([400]);
      expect(await statuses(1, '/who', from('203.0.113.7'))).toEqual([400]);
    });

    it('is refused at the door once there were too many, before anybody is looked up', async () => {
      await start(adapter, { imports: [TenantThrottlerModule.forRoot(options)] });
      await statuses(4, '/who', as('nobody'));
      const lookUps = vi.spyOn(store, 'findById');

      const { status, headers, body } = await get('/who', as('somebody-else'));

      expect([status, body.code]).toEqual([429, 'ADDRESS_LIMIT_EXCEEDED']);
      expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
      expect(headers.get('ratelimit-policy')).toBe('"address";q=4;w=60');
      expect(headers.get('ratelimit')).toBe(`"address";r=0;t=${headers.get('retry-after')}`);
      expect(lookUps).not.toHaveBeenCalled();
    });
  });

  describe('a flood in a victim’s name', () => {
    const flood = async (headers: Record<string, string>) => {
      const refused = await Promise.all(Array.from({ length: 50 }, () => get('/who', headers)));
      return new Set(refused.map(({ status }) => status));
    };

    it('of nobody, where a middleware authenticates, takes none of its quota', async () => {
      await start(adapter, {
        // Though it is imported after the one that authenticates, the door is before it.
        imports: [
          AuthenticationModule,
          TenantThrottlerModule.forRoot({ ...options, address: { limit: 50, ttl: MINUTE } }),
        ],
        resolvers: [new HeaderTenantResolver(), claims()],
      });

      await running!.call('GET', '/who', { headers: { authorization: 'acme' } });
      expect([...(await flood(as('acme')))]).toEqual([401]);
      const { body } = await get('/who', as('acme'));
      expect(body.code).toBe('ADDRESS_LIMIT_EXCEEDED');
      const elsewhere = await get('/who', { authorization: 'acme', 'x-forwarded-for': '203.0.113.7' });
      expect([elsewhere.status, elsewhere.headers.get('ratelimit')]).toEqual([200, expect.stringContaining('r=1;')]);
    });

    it.each([
      ['for a controller', UseGuards(AuthenticationGuard)],
      ['for all, after the limits', undefined],
    ])('of nobody, where a guard authenticates %s, takes none of its quota', async (_where, useGuard) => {
      class GuardedController extends WhoController {}
      (useGuard ?? (() => undefined))(GuardedController);
      Controller()(GuardedController);
      await start(adapter, {
        imports: [TenantThrottlerModule.forRoot({ ...options, address: { limit: 1_000, ttl: MINUTE } })],
        resolvers: [new HeaderTenantResolver(), claims()],
        controller: GuardedController,
        providers: useGuard ? [] : [{ provide: APP_GUARD, useClass: AuthenticationGuard }],
      });

      expect([...(await flood(as('acme')))]).toEqual([403]);
      expect([...(await flood({ ...as('acme'), authorization: 'globex' }))]).toEqual([403]);
      expect(await statuses(4, '/who', { authorization: 'acme', ...as('acme') })).toEqual([200, 200, 200, 429]);
    });

    it('of nobody, where no claim is asked for and a guard authenticates, takes none of its quota', async () => {
      class GuardedController extends WhoController {}
      UseGuards(AuthenticationGuard)(GuardedController);
      Controller()(GuardedController);
      await start(adapter, {
        imports: [TenantThrottlerModule.forRoot({ ...options, address: { limit: 1_000, ttl: MINUTE } })],
        controller: GuardedController,
      });

      expect([...(await flood(as('acme')))]).toEqual([403]);
      expect(await statuses(4, '/who', { authorization: 'acme', ...as('acme') })).toEqual([200, 200, 200, 429]);
    });

    it('of another tenant takes none of its quota', async () => {
      await start(adapter, {
        imports: [
          AuthenticationModule,
          TenantThrottlerModule.forRoot({ ...options, address: { limit: 99, ttl: MINUTE } }),
        ],
        resolvers: [new HeaderTenantResolver(), claims()],
      });

      expect([...(await flood({ ...as('acme'), authorization: 'globex' }))]).toEqual([403]);
      expect(await statuses(4, '/who', { authorization: 'acme' })).toEqual([200, 200, 200, 429]);
    });
  });

  describe('a caller who may act for any tenant', () => {
    it('counts for the one that it names', async () => {
      await start(adapter, {
        imports: [AuthenticationModule, TenantThrottlerModule.forRoot(options)],
        resolvers: [new HeaderTenantResolver(), claims()],
      });

      const platform = { authorization: 'platform' };
      expect(await statuses(4, '/who', { ...platform, ...as('acme') })).toEqual([200, 200, 200, 429]);
      expect(await statuses(1, '/who', { ...platform, ...as('globex') })).toEqual([200]);
    });
  });

  describe('TenantThrottlerGuard in the place of ThrottlerGuard', () => {
    it('counts by tenant, and by address where there is none', async () => {
      await start(adapter, {
        imports: [ThrottlerModule.forRoot([{ limit: 2, ttl: MINUTE }]) as never],
        providers: [{ provide: APP_GUARD, useClass: TenantThrottlerGuard }],
      });

      expect(await statuses(3, '/who', as('acme'))).toEqual([200, 200, 429]);
      expect(await statuses(3, '/who', as('globex'))).toEqual([200, 200, 429]);
      expect(await statuses(3, '/public', as('acme'))).toEqual([200, 200, 429]);
    });
  });
});

describe('options that cannot be limits', () => {
  it.each<[string, unknown, string]>([
    ['no plans', {}, 'The option `plans` is missing'],
    ['a plan of nothing', { plans: { free: {} } }, 'plans.free.limit is undefined'],
    ['a limit that is no number', { plans: { free: { limit: Number.NaN, ttl: 1 } } }, 'plans.free.limit is NaN'],
    ['a window of 0', { plans: { free: { limit: 1, ttl: 0 } } }, 'plans.free.ttl is 0'],
    ['a path that is none', { ...options, exclude: ['health'] }, 'exclude: "health" must begin with "/"'],
    ['an address without a limit', { ...options, address: { limit: -1, ttl: 1 } }, 'address.limit is -1'],
    ['a storage that may take no time', { ...options, storageTimeout: 0 }, 'storageTimeout is 0'],
  ])('are refused at start: %s', async (_what, given, message) => {
    const started = start('Express', { imports: [TenantThrottlerModule.forRoot(given as TenantThrottlerOptions)] });

    await expect(started).rejects.toThrow(message);
  });
});

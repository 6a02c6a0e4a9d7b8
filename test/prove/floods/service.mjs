// A service of two tenants with 4 ms of work in each request, as a process of its own. What limits it is told by `limits`.
import { Controller, Get, Global, HttpException, Module, UseGuards } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { answerCalls } from '../../bench/process/answer-calls.mjs';
import { loadLibrary } from '../requests/load-library.mjs';

const WORK_MS = 4;
/** A token that a real authentication would verify. */
const TOKENS = new Map([
  ['token-of-acme', { tenant: 'acme' }],
  ['token-of-globex', { tenant: 'globex' }],
]);
/** The one proxy that is trusted: everybody comes by it, from the address that it says. */
const PROXY = '127.0.0.1';
const principalOf = ({ headers }) => TOKENS.get(headers.authorization);

class WorkController {
  constructor(context) {
    this.context = context;
  }

  work() {
    const end = performance.now() + WORK_MS;
    while (performance.now() < end);
    return { tenant: this.context.tenantId };
  }
}
Controller()(WorkController);
Get('work')(WorkController.prototype, 'work', Object.getOwnPropertyDescriptor(WorkController.prototype, 'work'));

class AuthenticationGuard {
  canActivate(context) {
    const request = context.switchToHttp().getRequest();
    request.user = principalOf(request);
    if (!request.user) throw new HttpException('Who are you?', 401);
    return true;
  }
}

class AuthenticationModule {
  configure(consumer) {
    const authenticate = (request, _response, next) => {
      request.user = principalOf(request);
      next(request.user ? undefined : new HttpException('Who are you?', 401));
    };
    consumer.apply(authenticate).forRoutes('{*splat}');
  }
}
Module({})(AuthenticationModule);
Global()(AuthenticationModule);

/** What limits requests, or does not. */
function limitsOf({ TenantThrottlerModule }, { limits, quota, addressLimit }) {
  if (limits === 'none') return { imports: [], providers: [] };
  if (limits === 'claimed') {
    // What is written by hand so often: the tenant that the request names, asked for before the caller is.
    const getTracker = ({ headers }) => headers['x-tenant-id'];
    const throttlers = [{ limit: quota, ttl: 60_000 }];
    const throttler = { provide: APP_GUARD, useClass: ThrottlerGuard };
    return { imports: [ThrottlerModule.forRoot({ throttlers, getTracker })], providers: [throttler] };
  }
  const options = { plans: { default: { limit: quota, ttl: 60_000 } }, address: { limit: addressLimit, ttl: 60_000 } };
  return { imports: [TenantThrottlerModule.forRoot(options)], providers: [] };
}

let app;
answerCalls({
  start: async (options) => {
    const library = await loadLibrary(options.library ?? import.meta.resolve('nestjs-tenancy'));
    const { ClaimTenantResolver, HeaderTenantResolver, InMemoryTenantStore, TenancyModule, TenantContext } = library;
    Reflect.defineMetadata('design:paramtypes', [TenantContext], WorkController);
    const { imports, providers } = limitsOf(library, options);
    // After every global guard, those of the limits included.
    if (options.authentication === 'guard') UseGuards(AuthenticationGuard)(WorkController);
    class AppModule {}
    const store = new InMemoryTenantStore([
      { id: 'acme', schema: 't_acme' },
      { id: 'globex', schema: 't_globex' },
    ]);
    const resolvers = [new HeaderTenantResolver(), new ClaimTenantResolver('tenant')];
    const before = options.authentication === 'middleware' ? [AuthenticationModule] : [];
    const tenancy = TenancyModule.forRoot({ store, resolvers });
    Module({ imports: [...before, tenancy, ...imports], controllers: [WorkController], providers })(AppModule);
    const isFastify = options.adapter === 'fastify';
    const adapter = isFastify ? new FastifyAdapter({ trustProxy: PROXY }) : new ExpressAdapter();
    app = await NestFactory.create(AppModule, adapter, { logger: ['error'], abortOnError: false });
    if (!isFastify) app.set('trust proxy', PROXY);
    await app.listen(0, '127.0.0.1');
    return (await app.getUrl()).replace('[::1]', '127.0.0.1');
  },
  stop: () => app.close(),
});

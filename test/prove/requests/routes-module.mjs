import { setImmediate as turn } from 'node:timers/promises';
import { Catch, Get, Req, UseFilters, UseGuards, UseInterceptors } from '@nestjs/common';
import { catchError } from 'rxjs';
import { controller, injecting, moduleOf } from './declare.mjs';

/** Whose a route may be: `hasOwn` has resolvers of its own, `header` is the header that they read. */
export const ROUTES = {
  plain: {},
  open: { isOpen: true },
  own: { hasOwn: true, header: ['X-Own-Tenant'] },
  instead: { hasOwn: true, isInstead: true, header: ['X-Own-Tenant'] },
  claim: { hasOwn: true, hasClaim: true },
  'open-own': { isOpen: true },
};

class Told extends Error {}

/** Each route answers whom its handler saw, and whom all that is around it saw: it answers by its filter. */
export function routesModule(library, { required, isLate }) {
  const { BypassTenancy, ClaimTenantResolver, HeaderTenantResolver, ResolveTenantBy, TenantContext } = library;
  const seen = new WeakMap();
  let current;
  const see = (who, request) => seen.set(request, { ...seen.get(request), [who]: current.tenantId ?? null });
  const requestIn = (host) => host.switchToHttp().getRequest();
  const seeingGuard = (who) => ({
    canActivate: async (host) => {
      see(who, requestIn(host));
      // Nothing that tenancy does to a scope may still be under way.
      await turn();
      return true;
    },
  });
  const authenticatingGuard = {
    canActivate: (host) => {
      const request = requestIn(host);
      if (isLate && request.headers['x-caller']) request.user = JSON.parse(request.headers['x-caller']);
      return true;
    },
  };
  const seeingInterceptor = {
    intercept: (host, next) => {
      see('an interceptor', requestIn(host));
      return next.handle().pipe(
        catchError((error) => {
          see('an interceptor, afterwards', requestIn(host));
          throw error;
        }),
      );
    },
  };
  class SeeingFilter {
    catch(_told, host) {
      see('a filter', requestIn(host));
      const { handler, ...others } = seen.get(requestIn(host));
      host.switchToHttp().getResponse().status(200).send({ id: handler, seen: others });
    }
  }
  Catch(Told)(SeeingFilter);

  class SeeingController {
    constructor(context) {
      current = context;
    }
    async plain(request) {
      see('handler', request);
      await turn();
      throw new Told();
    }
    open(request) {
      return this.plain(request);
    }
    own(request) {
      return this.plain(request);
    }
    instead(request) {
      return this.plain(request);
    }
    claim(request) {
      return this.plain(request);
    }
  }
  class OpenController {
    constructor(context) {
      current = context;
    }
    async openOwn(request) {
      see('handler', request);
      await turn();
      throw new Told();
    }
  }
  const own = new HeaderTenantResolver('X-Own-Tenant');
  const at = (path, ...marks) => [Get([path, `out/${path}`]), UseGuards(seeingGuard('a guard of the route')), ...marks];
  const routes = {
    plain: at('plain'),
    open: at('open', BypassTenancy()),
    own: at('own', ResolveTenantBy(own)),
    instead: at('instead', ResolveTenantBy(own, { instead: true })),
    claim: at('claim', ResolveTenantBy(new ClaimTenantResolver('branch'))),
  };
  const around = [
    injecting(TenantContext),
    UseGuards(seeingGuard('a guard of the class'), authenticatingGuard),
    UseInterceptors(seeingInterceptor),
    UseFilters(new SeeingFilter()),
  ];
  controller('', SeeingController, routes, ...around);
  controller('', OpenController, { openOwn: at('open-own', ResolveTenantBy(own)) }, BypassTenancy(), ...around);
  for (const name of Object.keys(routes)) Req()(SeeingController.prototype, name, 0);
  Req()(OpenController.prototype, 'openOwn', 0);
  const tenancy = library.TenancyModule.forRoot({
    store: new library.InMemoryTenantStore(['acme', 'globex'].map((id) => ({ id, schema: `t_${id}` }))),
    resolvers: [
      new HeaderTenantResolver(),
      new ClaimTenantResolver('tenant', { mayActForAny: (user) => user.role === 'platform' }),
    ],
    exclude: ['/out/*'],
    required,
  });
  return moduleOf({ imports: [tenancy], controllers: [SeeingController, OpenController] });
}

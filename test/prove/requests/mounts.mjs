import { Get, Req, VersioningType } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { controller, injecting, moduleOf } from './declare.mjs';

/** Where an application may have its routes: the beginning of their paths, and how it says so. */
const MOUNTS = {
  'the root': { base: '' },
  'a global prefix': { base: '/api', configure: (app) => app.setGlobalPrefix('api') },
  'a version': {
    base: '/v1',
    version: '1',
    configure: (app) => app.enableVersioning({ type: VersioningType.URI }),
  },
  'a version in a header': {
    base: '',
    version: '1',
    headers: ['X-Version: 1'],
    configure: (app) => app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' }),
  },
  'nested modules': { base: '/shop/back', isNested: true },
  'a prefix, a version and nested modules': {
    base: '/api/v1/shop/back',
    version: '1',
    isNested: true,
    configure: (app) => app.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI }),
  },
  'a host': { base: '', host: 'localhost' },
  'a prefix that has an exception': {
    base: '',
    configure: (app) => app.setGlobalPrefix('api', { exclude: ['notes', 'tenants/:tenantId/notes', 'open'] }),
  },
};

/** The mounts with the modules in which they are: each handler notes that it was reached, and as whom. */
export function mountsOf(library) {
  return Object.entries(MOUNTS).flatMap(([name, { base, headers = [], configure, ...place }]) =>
    // The module has a way of its own into the adapter; where others have middleware, it comes in among that.
    [false, true].map((isAmongOthers) => ({
      name: isAmongOthers ? `${name}, among other middleware` : name,
      base,
      headers,
      configure,
      makeModule: () => mountedModule(library, base, { ...place, isAmongOthers }),
    })),
  );
}

class OtherMiddleware {
  configure(consumer) {
    consumer.apply((_request, _response, next) => next()).forRoutes('notes');
  }
}

function mountedModule(library, base, { version, host, isNested = false, isAmongOthers }) {
  const { BypassTenancy, TenantContext } = library;
  class NotesController {
    constructor(context) {
      this.context = context;
    }
    own() {
      return { handler: 'own', id: this.context.tenantId ?? null };
    }
    named(request) {
      return { handler: 'named', id: this.context.tenantId ?? null, param: request.params.tenantId };
    }
    open() {
      return { handler: 'open', id: this.context.tenantId ?? null };
    }
  }
  const routes = {
    own: [Get('notes')],
    named: [Get('tenants/:tenantId/notes')],
    open: [Get('open'), BypassTenancy()],
  };
  controller({ path: '', version, host }, NotesController, routes, injecting(TenantContext));
  Req()(NotesController.prototype, 'named', 0);
  const tenancy = library.TenancyModule.forRoot({
    store: new library.InMemoryTenantStore(['acme', 'globex'].map((id) => ({ id, schema: `t_${id}` }))),
    resolvers: [new library.HeaderTenantResolver(), new library.PathTenantResolver(`${base}/tenants/:tenantId`)],
  });
  const others = isAmongOthers ? [moduleOf({}, class extends OtherMiddleware {})] : [];
  if (!isNested) return moduleOf({ imports: [tenancy, ...others], controllers: [NotesController] });
  const inner = moduleOf({ controllers: [NotesController] });
  const outer = moduleOf({ imports: [inner] });
  const children = [{ path: 'back', module: inner }];
  return moduleOf({
    imports: [tenancy, ...others, outer, RouterModule.register([{ path: 'shop', module: outer, children }])],
  });
}

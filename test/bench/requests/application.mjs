import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { Controller, Get, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { ContextIdFactory, REQUEST } from '@nestjs/core';
import { ClsModule, ClsService } from 'nestjs-cls';
import {
  HeaderTenantResolver,
  InMemoryTenantStore,
  SubdomainTenantResolver,
  TenancyModule,
  TenantContext,
} from 'nestjs-tenancy';
import { TENANTS } from './tenants.mjs';
import { BARE, BY_HAND, STORAGE } from './ways.mjs';

const TENANT = 'tenant0';

/**
 * A controller, a service and a repository that knows whose request it is; only the last one differs.
 *
 * @returns the module, and what main.ts would do with the application
 */
export function describeApplication(way, adapter, resolver) {
  const idOf = (request) =>
    resolver === 'header' ? request.headers['x-tenant-id'] : request.headers.host.split('.', 1)[0];
  switch (way) {
    case BARE:
      return application(
        class {
          get tenantId() {
            return TENANT;
          }
        },
      );
    case STORAGE:
    case 'guard': {
      const storage = new AsyncLocalStorage();
      const repository = class {
        get tenantId() {
          return storage.getStore().id;
        }
      };
      const mount = mountStorage(adapter, storage);
      return application(repository, {
        configure: (app) => {
          mount(app);
          // What refuses a request where its handler is known can be nothing less.
          if (way === 'guard') app.useGlobalGuards({ canActivate: () => true });
        },
      });
    }
    case BY_HAND: {
      const storage = new AsyncLocalStorage();
      const repository = class {
        get tenantId() {
          return storage.getStore().tenant.id;
        }
      };
      const tenants = new Map(Array.from({ length: TENANTS }, (_, n) => [`tenant${n}`, { id: `tenant${n}` }]));
      const mount = mountStorage(adapter, storage, (request, answer) => {
        // Without it a cache gives one tenant's answer to the next: https://www.rfc-editor.org/rfc/rfc9110#field.vary
        if (resolver === 'header') setHeader(adapter, answer, 'Vary', 'X-Tenant-ID');
        return { tenant: tenants.get(idOf(request)) };
      });
      return application(repository, {
        configure: (app) => {
          mount(app);
          app.useGlobalGuards({ canActivate: () => storage.getStore()?.tenant !== undefined });
        },
      });
    }
    case 'nestjs-cls': {
      const repository = injecting(
        class {
          constructor(cls) {
            this.cls = cls;
          }

          get tenantId() {
            return this.cls.get('id');
          }
        },
        ClsService,
      );
      const setup = (cls, request) => cls.set('id', idOf(request));
      return application(repository, {
        imports: [ClsModule.forRoot({ global: true, middleware: { mount: true, setup } })],
      });
    }
    case 'nestjs-tenancy': {
      const repository = injecting(
        class {
          constructor(context) {
            this.context = context;
          }

          get tenantId() {
            return this.context.tenantId;
          }
        },
        TenantContext,
      );
      const tenants = Array.from({ length: TENANTS }, (_, n) => ({ id: `tenant${n}`, schema: `t_${n}` }));
      const tenancy = TenancyModule.forRoot({
        store: new InMemoryTenantStore(tenants),
        resolvers: [resolver === 'header' ? new HeaderTenantResolver() : new SubdomainTenantResolver('example.com')],
        // A turn does not wait for the store, whose speed is not what is measured.
        cache: { ttl: 3_600_000 },
      });
      return application(repository, { imports: [tenancy] });
    }
    default: {
      const durable = way === 'durable';
      const repository = injecting(
        class {
          constructor(request) {
            this.tenantId = durable ? request.id : idOf(request);
          }
        },
        REQUEST,
      );
      if (durable) ContextIdFactory.apply(byTenant(idOf));
      return application(repository, { scope: { scope: Scope.REQUEST, durable } });
    }
  }
}

function application(Repository, { imports = [], configure = () => undefined, scope } = {}) {
  Injectable(scope)(Repository);
  class Service {
    constructor(repository) {
      this.repository = repository;
    }

    who() {
      return { id: this.repository.tenantId };
    }
  }
  Injectable()(injecting(Service, Repository));
  class WhoController {
    constructor(service) {
      this.service = service;
    }

    who() {
      return this.service.who();
    }
  }
  Controller()(injecting(WhoController, Service));
  Get('who')(WhoController.prototype, 'who', Object.getOwnPropertyDescriptor(WhoController.prototype, 'who'));
  class AppModule {}
  Module({ imports, providers: [Service, Repository], controllers: [WhoController] })(AppModule);
  return { module: AppModule, configure };
}

function injecting(type, ...tokens) {
  for (const [index, token] of tokens.entries()) Inject(token)(type, undefined, index);
  return type;
}

/** The fastest place that the adapter has. */
function mountStorage(adapter, storage, scopeOf = () => ({ id: TENANT })) {
  return (app) => {
    if (adapter === 'Express') {
      app.use((request, response, next) => storage.run(scopeOf(request, response), next));
    } else {
      const fastify = app.getHttpAdapter().getInstance();
      fastify.addHook('onRequest', (request, reply, done) => storage.run(scopeOf(request, reply), done));
    }
  };
}

function setHeader(adapter, answer, name, value) {
  if (adapter === 'Express') answer.setHeader(name, value);
  else answer.header(name, value);
}

/** One set of providers for each tenant, as Nest's documentation has it. */
function byTenant(idOf) {
  const known = new Map();
  return {
    attach(contextId, request) {
      const id = idOf(request);
      if (!known.has(id)) known.set(id, ContextIdFactory.create());
      const tenantContextId = known.get(id);
      return {
        resolve: (info) => (info.isTreeDurable ? tenantContextId : contextId),
        payload: { id },
      };
    },
  };
}

import type { CanActivate, ExecutionContext, MiddlewareConsumer, NestModule } from '@nestjs/common';
import { Controller, Get, Global, Injectable, Module, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  ClaimTenantResolver,
  CurrentTenant,
  HeaderTenantResolver,
  InMemoryTenantStore,
  TenancyModule,
} from 'nestjs-tenancy';
import type { RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';

const tenants = [
  { id: 'acme', schema: 't_acme' },
  { id: 'globex', schema: 't_globex' },
  { id: 'dormant', schema: 't_dormant', status: 'suspended' },
] as const;

describe.each(adapters)('an authenticated request on %s', (adapter) => {
  /** Tokens that a real authentication would verify. */
  const principals: Readonly<Record<string, unknown>> = {
    acme: { tenant: 'acme' },
    stranger: { name: 'no tenant' },
    platform: { tenant: 'acme', role: 'platform' },
    broken: { tenant: { toString: 1 } },
  };
  const claims = new ClaimTenantResolver('tenant', { mayActForAny: (user) => user.role === 'platform' });

  @Controller()
  class WhoController {
    @Get('who')
    who(@CurrentTenant('id') id: string): unknown {
      return { id };
    }
  }

  const store = new InMemoryTenantStore(tenants);
  const lookUps = vi.spyOn(store, 'findById');

  describe('by a middleware before tenancy', () => {
    @Global()
    @Module({})
    class AuthenticationModule implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer
          .apply(
            (request: { headers: Record<string, string>; user?: unknown }, _response: unknown, next: () => void) => {
              request.user = principals[request.headers.authorization ?? ''];
              next();
            },
          )
          .forRoutes('{*splat}');
      }
    }

    @Module({
      imports: [
        AuthenticationModule,
        TenancyModule.forRoot({ store, resolvers: [new HeaderTenantResolver(), claims] }),
      ],
      controllers: [WhoController],
    })
    class MiddlewareModule {}

    let running: RunningApp;
    beforeAll(async () => {
      running = await startApp(MiddlewareModule, adapter);
    });
    afterAll(() => running.app.close());

    it.each([
      ['its claim alone', { authorization: 'acme' }, 200, 'acme'],
      ['its claim and the same header', { authorization: 'acme', 'x-tenant-id': 'acme' }, 200, 'acme'],
      ['any tenant, where it may', { authorization: 'platform', 'x-tenant-id': 'globex' }, 200, 'globex'],
      ['its claim where it names none and may act for any', { authorization: 'platform' }, 200, 'acme'],
      ['nobody’s authority', { 'x-tenant-id': 'globex' }, 200, 'globex'],
    ])('acts by %s', async (_how, headers, status, id) => {
      const answer = await running.call('GET', '/who', { headers });

      expect([answer.status, answer.body]).toEqual([status, { id }]);
    });

    it.each(['globex', 'nobody', 'dormant'])('is refused another tenant, be it there or not: %s', async (id) => {
      lookUps.mockClear();

      const answer = await running.call('GET', '/who', { headers: { authorization: 'acme', 'x-tenant-id': id } });

      expect(answer.status).toBe(403);
      expect(answer.body).toEqual({
        type: 'about:blank',
        title: 'Forbidden',
        status: 403,
        code: 'TENANT_FORBIDDEN',
        detail: 'You may not act for the tenant that the request names. Name your own, or none.',
      });
      expect(lookUps).not.toHaveBeenCalled();
    });

    it('is refused every tenant where it has no claim', async () => {
      const answer = await running.call('GET', '/who', {
        headers: { authorization: 'stranger', 'x-tenant-id': 'acme' },
      });

      expect(answer.status).toBe(403);
    });

    it('is refused where its claim is no id', async () => {
      const answer = await running.call('GET', '/who', { headers: { authorization: 'broken' } });

      expect([answer.status, answer.body.code]).toEqual([400, 'TENANT_ID_INVALID']);
    });
  });

  describe('by a guard, after tenancy', () => {
    @Injectable()
    class AuthenticationGuard implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        const request = context.switchToHttp().getRequest<{ headers: Record<string, string>; user?: unknown }>();
        request.user = principals[request.headers.authorization ?? ''];
        return request.user !== undefined;
      }
    }

    const handled: string[] = [];

    @Controller()
    @UseGuards(AuthenticationGuard)
    class GuardedController {
      @Get('who')
      who(@CurrentTenant('id') id: string): unknown {
        handled.push(id);
        return { id };
      }
    }

    @Module({
      imports: [TenancyModule.forRoot({ store, resolvers: [new HeaderTenantResolver(), claims] })],
      controllers: [GuardedController],
    })
    class GuardedModule {}

    @Module({
      imports: [TenancyModule.forRoot({ store, resolvers: [new HeaderTenantResolver(), claims] })],
      controllers: [WhoController],
      providers: [{ provide: APP_GUARD, useClass: AuthenticationGuard }],
    })
    class GloballyGuardedModule {}

    it.each([
      ['of the controller', GuardedModule],
      ['of the application', GloballyGuardedModule],
    ])('%s is held to its claim before the handler runs', async (_where, module) => {
      const running = await startApp(module, adapter);
      const as = async (authorization: string, id: string) =>
        (await running.call('GET', '/who', { headers: { authorization, 'x-tenant-id': id } })).status;
      handled.length = 0;

      expect(await as('acme', 'globex')).toBe(403);
      expect(await as('stranger', 'globex')).toBe(403);
      expect(handled).toEqual([]);
      expect(await as('acme', 'acme')).toBe(200);
      expect(await as('platform', 'globex')).toBe(200);
      await running.app.close();
    });
  });
});

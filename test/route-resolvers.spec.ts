import { createHmac, timingSafeEqual } from 'node:crypto';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Controller, Get, Injectable, Module, Param, Post, UseGuards } from '@nestjs/common';
import type { TenantRequest, TenantResolver } from 'nestjs-tenancy';
import {
  BypassTenancy,
  ClaimTenantResolver,
  CurrentTenant,
  HeaderTenantResolver,
  InMemoryTenantStore,
  PathTenantResolver,
  queryOf,
  ResolveTenantBy,
  TenancyModule,
  TenancyOptionsError,
  TenantContext,
} from 'nestjs-tenancy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';

const SECRET = 'a secret of this test';
const signatureOf = (tenantId: string) => createHmac('sha256', SECRET).update(tenantId).digest('hex');

/** A link in a mail: whose it is, and that we wrote it. */
class SignedLinkResolver implements TenantResolver {
  readonly source = 'signed link';

  resolve(request: TenantRequest): string | undefined {
    const [tenantId, signature] = queryOf(request).get('token')?.split('.') ?? [];
    if (tenantId === undefined || signature?.length !== 64) return undefined;
    const isOurs = timingSafeEqual(Buffer.from(signature), Buffer.from(signatureOf(tenantId)));
    return isOurs ? tenantId : undefined;
  }
}

/** An authentication that comes with the route: after the tenancy. */
@Injectable()
class SenderGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string>; sender?: unknown }>();
    const tenant = request.headers['x-sender'];
    if (tenant !== undefined) request.sender = { tenant };
    return true;
  }
}

const byPath = new PathTenantResolver('/hooks/:tenantId');
const senderClaim = new ClaimTenantResolver('tenant', {
  principal: (request) => (request as unknown as { sender?: unknown }).sender,
});

@Controller()
class HooksController {
  constructor(private readonly context: TenantContext) {}

  @Post('hooks/:tenantId/mail')
  @ResolveTenantBy(byPath)
  mail(@CurrentTenant('id') id: string, @Param('tenantId') param: string): unknown {
    return { id, param };
  }

  @Post('hooks/:tenantId/sms')
  @ResolveTenantBy(byPath, { instead: true })
  sms(@CurrentTenant('id') id: string): unknown {
    return { id };
  }

  @Post('hooks/:tenantId/signed')
  @ResolveTenantBy([byPath, senderClaim])
  @UseGuards(SenderGuard)
  signed(@CurrentTenant('id') id: string): unknown {
    return { id };
  }

  @Get('unsubscribe')
  @ResolveTenantBy(new SignedLinkResolver())
  unsubscribe(@CurrentTenant('id') id: string): unknown {
    return { id };
  }

  @Get('excluded/unsubscribe')
  @ResolveTenantBy(new SignedLinkResolver())
  excluded(@CurrentTenant('id') id: string): unknown {
    return { id };
  }

  @Get('open')
  @ResolveTenantBy(new SignedLinkResolver())
  @BypassTenancy()
  open(): unknown {
    return { id: this.context.tenantId ?? null };
  }

  @Get('plain')
  plain(@CurrentTenant('id') id: string): unknown {
    return { id };
  }
}

@Controller('hooks/:tenantId/all')
@ResolveTenantBy(byPath)
class AllHooksController {
  @Post()
  all(@CurrentTenant('id') id: string): unknown {
    return { id };
  }

  @Post('own')
  @ResolveTenantBy(new SignedLinkResolver())
  own(@CurrentTenant('id') id: string): unknown {
    return { id };
  }
}

@Module({
  imports: [
    TenancyModule.forRoot({
      store: new InMemoryTenantStore([
        { id: 'acme', schema: 't_acme' },
        { id: 'globex', schema: 't_globex' },
        { id: 'dormant', schema: 't_dormant', status: 'suspended' },
      ]),
      resolvers: [new HeaderTenantResolver(), new ClaimTenantResolver()],
      exclude: ['/excluded/*'],
    }),
  ],
  controllers: [HooksController, AllHooksController],
})
class AppModule {}

describe.each(adapters)('a route with resolvers of its own, on %s', (adapter) => {
  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp(AppModule, adapter, (app) => {
      // As an authentication before the tenancy leaves it.
      app.use((request: { headers: Record<string, string>; user?: unknown }, _response: unknown, next: () => void) => {
        const tenant = request.headers['x-claim'];
        if (tenant !== undefined) request.user = { tenant };
        next();
      });
    });
  });
  afterAll(() => running.app.close());

  const post = async (path: string, headers: Record<string, string> = {}) => {
    const { status, body } = await running.call('POST', path, { headers });
    return [status, body.id ?? body.code];
  };
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const { status, body } = await running.call('GET', path, { headers });
    return [status, body.id === undefined ? body.code : body.id];
  };
  const token = (tenantId: string) => `token=${tenantId}.${signatureOf(tenantId)}`;

  it('finds its tenant by them', async () => {
    expect(await post('/hooks/acme/mail')).toEqual([201, 'acme']);
    expect(await post('/hooks/globex/all')).toEqual([201, 'globex']);
    expect(await get(`/unsubscribe?${token('acme')}`)).toEqual([200, 'acme']);
  });

  it('is the only one that has them', async () => {
    expect(await get(`/plain?${token('acme')}`)).toEqual([400, 'TENANT_REQUIRED']);
  });

  it.each([
    ['nobody’s', '/hooks/nobody/mail', 404, 'TENANT_NOT_FOUND'],
    ['a suspended one’s', '/hooks/dormant/mail', 404, 'TENANT_NOT_FOUND'],
    ['no id', '/hooks/No%20Id/mail', 400, 'TENANT_ID_INVALID'],
  ])('is refused where they find %s', async (_what, path, status, code) => {
    expect(await post(path)).toEqual([status, code]);
  });

  it('is refused where they find none, with the places to name one', async () => {
    const { body } = await running.call('GET', `/unsubscribe?token=acme.${'0'.repeat(64)}`);

    expect(body).toMatchObject({ status: 400, code: 'TENANT_REQUIRED' });
    expect(body.detail).toContain('header X-Tenant-ID, claim tenant, signed link.');
  });

  it('asks those of the module too, and all must agree', async () => {
    expect(await post('/hooks/acme/mail', { 'x-tenant-id': 'acme' })).toEqual([201, 'acme']);
    expect(await post('/hooks/acme/mail', { 'x-tenant-id': 'globex' })).toEqual([400, 'TENANT_CONFLICT']);
    expect(await post('/hooks/acme/mail', { 'x-tenant-id': 'nobody' })).toEqual([400, 'TENANT_CONFLICT']);
    expect(await post('/hooks/acme/mail', { 'x-tenant-id': 'No Id' })).toEqual([400, 'TENANT_ID_INVALID']);
    expect(await get('/unsubscribe', { 'x-tenant-id': 'acme' })).toEqual([200, 'acme']);
  });

  describe('instead of the module’s', () => {
    it('is not disturbed by hints that name nobody', async () => {
      expect(await post('/hooks/acme/sms', { 'x-tenant-id': 'nobody' })).toEqual([201, 'acme']);
      expect(await post('/hooks/acme/sms', { 'x-tenant-id': 'dormant' })).toEqual([201, 'acme']);
      expect(await post('/hooks/acme/sms', { 'x-tenant-id': 'No Id' })).toEqual([201, 'acme']);
    });

    it('never makes a request that has run as one tenant another’s', async () => {
      expect(await post('/hooks/acme/sms', { 'x-tenant-id': 'globex' })).toEqual([400, 'TENANT_CONFLICT']);
    });

    it('does not take a tenant from a hint of the module', async () => {
      expect(await post('/hooks/nobody/sms', { 'x-tenant-id': 'acme' })).toEqual([404, 'TENANT_NOT_FOUND']);
    });
  });

  describe('where somebody is authenticated', () => {
    it.each(['mail', 'sms', 'all'])('is bound by his claim: %s', async (route) => {
      expect(await post(`/hooks/acme/${route}`, { 'x-claim': 'acme' })).toEqual([201, 'acme']);
      expect(await post(`/hooks/globex/${route}`, { 'x-claim': 'acme' })).toEqual([403, 'TENANT_FORBIDDEN']);
      expect(await post(`/hooks/nobody/${route}`, { 'x-claim': 'acme' })).toEqual([403, 'TENANT_FORBIDDEN']);
    });

    it('is bound by a claim of the route’s own, though it is found after the tenant', async () => {
      expect(await post('/hooks/acme/signed', { 'x-sender': 'acme' })).toEqual([201, 'acme']);
      expect(await post('/hooks/globex/signed', { 'x-sender': 'acme' })).toEqual([403, 'TENANT_FORBIDDEN']);
    });
  });

  it('has a tenant on an excluded path too, and must have one', async () => {
    expect(await get(`/excluded/unsubscribe?${token('acme')}`)).toEqual([200, 'acme']);
    expect(await get('/excluded/unsubscribe')).toEqual([400, 'TENANT_REQUIRED']);
  });

  it('belongs to nobody where it is marked so', async () => {
    expect(await get(`/open?${token('acme')}`)).toEqual([200, null]);
    expect(await get('/open', { 'x-tenant-id': 'nobody' })).toEqual([200, null]);
  });

  it('has its own before those of its controller', async () => {
    expect(await post(`/hooks/nobody/all/own?${token('acme')}`)).toEqual([201, 'acme']);
  });
});

describe('the decorator', () => {
  it.each([[[]], [[undefined]], [{}]])('takes resolvers: %o is refused', (resolvers) => {
    expect(() => ResolveTenantBy(resolvers as never)).toThrow(TenancyOptionsError);
  });
});

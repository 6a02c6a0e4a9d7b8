import { createHmac } from 'node:crypto';
import type { DynamicModule } from '@nestjs/common';
import { Controller, Get, Module } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { Test } from '@nestjs/testing';
import { ClaimTenantResolver, CurrentTenant, HeaderTenantResolver, TenancyModule } from 'nestjs-tenancy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EnvironmentModule } from '../environment.module.js';
import { issueToken } from '../issue-token.js';
import { acmeAndGlobex } from '../testing/tenants.js';
import { JWT_SECRET, TestService } from '../testing/test-service.js';
import { AuthModule } from './auth.module.js';

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
});
afterAll(() => service?.stop());

const sign = (claims: object, options: object = {}) =>
  new JwtService().sign(claims, {
    secret: JWT_SECRET,
    subject: 'ada',
    issuer: 'communication',
    audience: 'communication',
    expiresIn: '1h',
    ...options,
  });

function unsigned(): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 60;
  const claims = { sub: 'eve', tenant: 'acme', iss: 'communication', aud: 'communication', exp };
  return `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`;
}

function withoutExpiry(): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { sub: 'eve', tenant: 'acme', iss: 'communication', aud: 'communication' };
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', JWT_SECRET).update(signed).digest('base64url')}`;
}

describe('a request', () => {
  it.each([
    '/messages',
    '/templates',
    '/config',
    '/tenant',
    '/tenants/acme/messages',
    '/nowhere',
    '/',
    '/HEALTH',
    '//docs',
  ])('needs a token: %s', async (path) => {
    const answer = await service.call('GET', path, { as: 'nobody', headers: { 'X-Tenant-ID': 'acme' } });
    expect(answer).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED', detail: expect.any(String) } });
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.headers['content-type']).toMatch('application/problem+json');
  });

  it.each([
    ['no token', 'Bearer'],
    ['another scheme', `Basic ${sign({ tenant: 'acme' })}`],
    ['no JWT', 'Bearer hello'],
    ['another secret', `Bearer ${sign({ tenant: 'acme' }, { secret: 'x'.repeat(40) })}`],
    ['another algorithm', `Bearer ${sign({ tenant: 'acme' }, { algorithm: 'HS512' })}`],
    ['no signature', `Bearer ${unsigned()}`],
    ['another issuer', `Bearer ${sign({ tenant: 'acme' }, { issuer: 'eve' })}`],
    ['another audience', `Bearer ${sign({ tenant: 'acme' }, { audience: 'eve' })}`],
    ['an end that is past', `Bearer ${sign({ tenant: 'acme' }, { expiresIn: -1 })}`],
    ['no end', `Bearer ${withoutExpiry()}`],
    ['a claim that is no text', `Bearer ${sign({ tenant: ['acme', 'globex'] })}`],
  ])('is refused with %s', async (_name, authorization) => {
    const answer = await service.call('GET', '/messages', { as: 'nobody', headers: { authorization } });
    expect(answer).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
  });

  it('is let in with a token that issueToken() made', async () => {
    const authorization = `Bearer ${issueToken({ tenant: 'acme', secret: JWT_SECRET, expiresIn: '5m' })}`;
    const answer = await service.call('GET', '/tenant', { as: 'nobody', headers: { authorization } });
    expect(answer).toMatchObject({ status: 200, body: { id: 'acme' } });
  });
});

describe('the authentication', () => {
  @Controller()
  class WhoController {
    @Get('who')
    read(@CurrentTenant('id') id: string) {
      return { id };
    }
  }

  const tenancy = () =>
    TenancyModule.forRoot({
      store: acmeAndGlobex(),
      resolvers: [new HeaderTenantResolver(), new ClaimTenantResolver()],
    });

  async function statusWith(imports: () => Array<DynamicModule | typeof AuthModule>): Promise<number> {
    @Module({ imports: [EnvironmentModule.with(service.environment), ...imports()], controllers: [WhoController] })
    class OrderedModule {}
    const testing = await Test.createTestingModule({ imports: [OrderedModule] }).compile();
    const app = testing.createNestApplication();
    await app.listen(0, '127.0.0.1');
    const authorization = `Bearer ${issueToken({ tenant: 'acme', secret: JWT_SECRET })}`;
    const { status } = await fetch(`${await app.getUrl()}/who`, { headers: { authorization } });
    await app.close();
    return status;
  }

  it('runs before the tenant is looked for, where its module is imported first', async () => {
    expect(await statusWith(() => [AuthModule, tenancy()])).toBe(200);
  });

  it('comes too late where it is imported last: the order in the application’s module matters', async () => {
    expect(await statusWith(() => [tenancy(), AuthModule])).toBe(400);
  });
});

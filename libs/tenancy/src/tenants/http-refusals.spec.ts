import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TestServer } from '../../../../test/support/tenant-server.js';
import { startServer } from '../../../../test/support/tenant-server.js';
import { TenantServiceUnavailableError } from '../tenancy.errors.js';
import { HttpTenantStore } from './http-tenant-store.js';
import { TenantIdValidator } from './tenant-id.js';
import { TenantService } from './tenant.service.js';

let server: TestServer;
let status: number;
let asked: string[];
let tenants: TenantService;
beforeEach(async () => {
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  vi.spyOn(Logger.prototype, 'log').mockReturnValue();
  asked = [];
  // It knows acme, and refuses whatever else it is asked.
  server = await startServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url === '/tenants/acme') return void response.end(JSON.stringify({ id: 'acme', schema: 't_acme' }));
    return void response.writeHead(status).end('{}');
  });
  const store = new HttpTenantStore({ baseUrl: server.url });
  tenants = new TenantService(store, undefined, { breakerFailures: 2 }, new TenantIdValidator(/[\w.-]+/));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await server.close();
});

const refused = async (work: Promise<unknown>) => {
  await expect(work).rejects.toThrow(TenantServiceUnavailableError);
};

describe('a question that the registry refuses', () => {
  it.each([400, 405, 409, 413, 414, 415, 422, 431])(
    'with %i is asked once, and keeps nobody else out',
    async (code) => {
      status = code;
      await refused(tenants.listTenants({ limit: 500 }));
      await refused(tenants.findTenant('Stranger.1'));
      await refused(tenants.findTenantByDomain('stranger.test'));
      await refused(tenants.updateConfig('acme', {}));

      expect(asked).toHaveLength(4);
      expect(tenants.metrics().breaker).toBe('closed');
      expect((await tenants.getTenant('acme')).id).toBe('acme');
    },
  );

  it('with 503 is asked again, and the registry is left alone for a while', async () => {
    status = 503;
    await refused(tenants.listTenants());

    expect(asked.length).toBeGreaterThan(1);
    expect(tenants.metrics().breaker).toBe('open');
  });
});

describe('an id that cannot be a part of a path', () => {
  it.each(['.', '..'])('is nobody’s without a question: %s', async (id) => {
    status = 503;
    for (let n = 0; n < 3; n += 1) expect(await tenants.findTenant(id)).toBeUndefined();

    expect(asked).toEqual([]);
    expect(tenants.metrics().breaker).toBe('closed');
  });
});

import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { HttpTenantStore } from './http-tenant-store.js';
import { TenantService } from './tenant.service.js';

const CANARY = 'canary-of-thirty-two-characters-or-more';

function printed(value: unknown): string {
  const everything = { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true };
  return [inspect(value), inspect(value, everything), JSON.stringify(value), String(value)].join('\n');
}

describe('what is printed', () => {
  it('of the store that asks the registry is without its token', () => {
    const store = new HttpTenantStore({ baseUrl: 'http://registry.test', token: CANARY });

    expect(printed(store)).toContain('registry.test');
    expect(printed(store)).not.toContain(CANARY);
  });

  it('of the service is without the secret of its cache, and without its store’s token', () => {
    const store = new HttpTenantStore({ baseUrl: 'http://registry.test', token: CANARY });
    const tenants = new TenantService(store, undefined, { secret: CANARY, ttl: 4_711 });

    expect(printed(tenants)).toContain('4711');
    expect(printed(tenants)).not.toContain(CANARY);
  });
});

import { HttpTenantStore, TenantConfigService, TenantContext, TenantService } from 'nestjs-tenancy';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TOKEN, useRegistry } from '../testing/running-registry.js';

const registry = useRegistry();
const key = (id: string, letter: string) => ({ id, key: `${letter.repeat(42)}A=` });

function settingsWith(...keys: Array<ReturnType<typeof key>>): TenantConfigService {
  const store = new HttpTenantStore({ baseUrl: registry.url, token: TOKEN });
  const tenants = new TenantService(store, undefined, { ttl: 0, staleTtl: 0 });
  return new TenantConfigService(new TenantContext(tenants), tenants, undefined, {
    keys: { 'smtp.password': { secret: true } },
    schema: z.object({ 'smtp.password': z.string() }).partial(),
    encryption: { keys },
  });
}

async function archive(id: string): Promise<void> {
  expect((await registry.call('POST', '/tenants', { id })).status).toBe(201);
  await settingsWith(key('old', 'A')).update({ 'smtp.password': 'canary' }, id);
  expect((await registry.call('POST', `/tenants/${id}/archive`)).status).toBe(200);
}

describe('the secrets of an archived tenant', () => {
  it('are encrypted with another key too', async () => {
    await archive('acme');
    expect(await settingsWith(key('new', 'B'), key('old', 'A')).reencrypt('acme')).toEqual(['smtp.password']);
    expect((await registry.call('POST', '/tenants/acme/restore')).status).toBe(200);
    const settings = await settingsWith(key('new', 'B')).for('acme');
    expect((settings.get('smtp.password') as { reveal(): string }).reveal()).toBe('canary');
  });

  it('are neither changed otherwise nor removed', async () => {
    await archive('globex');
    for (const change of [{ 'smtp.password': null }, { 'email.from': 'a@b.example' }]) {
      const { status, body } = await registry.call('PATCH', '/tenants/globex/config', change);
      expect([status, body.code]).toEqual([409, 'TENANT_NOT_READY']);
    }
  });
});

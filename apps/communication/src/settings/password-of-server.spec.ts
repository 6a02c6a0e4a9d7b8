import { TenantConfigService, TenantContext, TenantService } from 'nestjs-tenancy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tenancyOptions } from '../tenancy-options.js';
import { TestService } from '../testing/test-service.js';
import type { Settings } from './settings.js';

describe('the password of a tenant’s mail server, where this instance has not heard of it yet', () => {
  let service: TestService;
  beforeEach(async () => {
    service = await TestService.start({
      SETTINGS_KEYS: `k1:${'A'.repeat(43)}=`,
      TENANT_CACHE_TTL_MS: '10000',
      TENANT_WATCH: 'false',
    });
  });
  afterEach(() => service?.stop());

  /** Another instance of the service, which has the same registry. */
  const otherInstance = () => {
    const tenants = new TenantService(service.tenants, undefined, { ttl: 0 });
    return new TenantConfigService<Settings>(
      new TenantContext(tenants),
      tenants,
      undefined,
      tenancyOptions(service.environment).config,
    );
  };
  const login = { 'smtp.host': 'mail.acme.example', 'smtp.user': 'acme', 'smtp.password': 'canary' };

  it('is not sent to another server by who knows its version (If-Match)', async () => {
    await service.call('GET', '/config');
    await otherInstance().update(login, 'acme');
    const { version } = await otherInstance().for('acme');

    const answer = await service.call('PATCH', '/config', {
      body: { 'smtp.host': 'evil.example' },
      headers: { 'if-match': `"${version}"` },
    });
    const now = await otherInstance().for('acme');
    expect([now.get('smtp.host'), now.get('smtp.password')?.reveal()]).toEqual(['mail.acme.example', 'canary']);
    expect([answer.status, answer.body.code]).toEqual([409, 'TENANT_CONFIG_CONFLICT']);
    // It has heard of it by this: the next try is checked against what there is.
    expect((await service.call('GET', '/config')).body).toMatchObject({ 'smtp.host': 'mail.acme.example' });
  });

  it('is not sent to the server that was there before, without any condition', async () => {
    await otherInstance().update({ 'smtp.host': 'evil.example' }, 'acme');
    expect((await service.call('GET', '/config')).body).toMatchObject({ 'smtp.host': 'evil.example' });
    await otherInstance().update(login, 'acme');

    const answer = await service.call('PATCH', '/config', { body: { 'smtp.host': 'evil.example' } });
    const now = await otherInstance().for('acme');
    expect([now.get('smtp.host'), now.get('smtp.password')?.reveal()]).toEqual(['mail.acme.example', 'canary']);
    expect(answer.status).not.toBe(200);
  });

  it('is not sent to the server that was there before by a change at the same moment', async () => {
    await service.stopApp();
    await service.startApp();
    let leaked = 0;
    for (let round = 0; round < 10; round += 1) {
      await service.call('PATCH', '/config', {
        body: { 'smtp.host': 'evil.example', 'smtp.user': null, 'smtp.password': null },
      });
      const attempt = () => service.call('PATCH', '/config', { body: { 'smtp.host': 'evil.example' } });
      const before = [attempt()];
      const admin = service.call('PATCH', '/config', { body: login });
      await Promise.all([...before, admin, attempt(), attempt(), attempt()]);
      const now = await otherInstance().for('acme');
      if (now.get('smtp.host') === 'evil.example' && now.get('smtp.password')) leaked += 1;
    }
    expect(leaked).toBe(0);
  });
});

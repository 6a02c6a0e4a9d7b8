import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEnvironment } from '../environment.js';
import { acmeAndGlobex } from '../testing/tenants.js';
import type { Registry } from '../testing/registry.js';
import { REGISTRY_TOKEN, startRegistry } from '../testing/registry.js';
import { TenantConfigService, TenantContext, TenantService } from 'nestjs-tenancy';
import { tenancyOptions } from '../tenancy-options.js';
import type { Reencrypted } from './reencrypt-secrets.js';
import { reencryptSecrets } from './reencrypt-secrets.js';
import type { Settings } from './settings.js';

const [OLD, NEW] = ['old', 'new'].map((id) => `${id}:${randomBytes(32).toString('base64')}`);
const LOGIN = { 'smtp.host': 'mail.acme.example', 'smtp.user': 'acme' };

describe('a new key for the secrets of all tenants', () => {
  const tenants = acmeAndGlobex();
  let registry: Registry;
  beforeAll(async () => {
    registry = await startRegistry(tenants);
  });
  afterAll(() => registry.stop());

  const environmentWith = (...keys: string[]) =>
    readEnvironment({
      DATABASE_URL: 'postgres://nobody@localhost/none',
      TENANT_MANAGEMENT_URL: registry.url,
      TENANT_MANAGEMENT_TOKEN: REGISTRY_TOKEN,
      TENANT_CACHE_TTL_MS: '0',
      JWT_SECRET: 'a secret of more than 32 characters',
      SMTP_URL: 'smtp://127.0.0.1:1',
      TWILIO_ACCOUNT_SID: 'AC0',
      TWILIO_AUTH_TOKEN: 'token',
      SETTINGS_KEYS: keys.join(','),
    });
  const settingsWith = (...keys: string[]) => {
    const known = new TenantService(tenants, undefined, { ttl: 0 });
    return new TenantConfigService<Settings>(
      new TenantContext(known),
      known,
      undefined,
      tenancyOptions(environmentWith(...keys)).config,
    );
  };
  const run = async (...keys: string[]) => {
    const done: Reencrypted[] = [];
    for await (const one of reencryptSecrets(environmentWith(...keys))) done.push(one);
    return done;
  };

  it('encrypts what the old one has encrypted, a suspended tenant’s too, so that the old one can go', async () => {
    await settingsWith(OLD).update({ ...LOGIN, 'smtp.password': 'canary' }, 'acme');
    tenants.save({ ...(await tenants.findById('acme'))!, status: 'suspended' });

    const none = { tenantId: 'globex', settings: [] };
    expect(await run(NEW, OLD)).toEqual([{ tenantId: 'acme', settings: ['smtp.password'] }, none]);
    expect(await run(NEW, OLD)).toEqual([{ tenantId: 'acme', settings: [] }, none]);

    tenants.save({ ...(await tenants.findById('acme'))!, status: 'active' });
    expect((await settingsWith(NEW).for('acme')).get('smtp.password')?.reveal()).toBe('canary');
  });

  it('tells whose secrets cannot be read, and goes on with the others', async () => {
    await settingsWith(OLD).update({ ...LOGIN, 'smtp.password': null, 'smtp.user': null }, 'acme');
    await settingsWith(OLD).update({ ...LOGIN, 'smtp.password': 'canary' }, 'acme');
    await settingsWith(NEW).update({ ...LOGIN, 'smtp.password': 'canary' }, 'globex');
    const [other] = ['other'].map((id) => `${id}:${randomBytes(32).toString('base64')}`);

    expect(await run(other, NEW)).toEqual([
      { tenantId: 'acme', settings: [], error: expect.stringContaining('Was encrypted with the key old') },
      { tenantId: 'globex', settings: ['smtp.password'] },
    ]);
  });
});

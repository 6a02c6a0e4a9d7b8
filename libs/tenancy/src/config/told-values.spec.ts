import { inspect } from 'node:util';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TenantContext } from '../context/tenant-context.js';
import { problemOf } from '../resolution/problem.js';
import { TenancyError } from '../tenancy.errors.js';
import { InMemoryTenantStore } from '../tenants/in-memory-tenant-store.js';
import { TenantService } from '../tenants/tenant.service.js';
import type { TenantConfigOptions } from './tenant-config-options.js';
import { TenantConfigService } from './tenant-config.service.js';

const CANARY = 'canary';
const encryption = { keys: [{ id: 'k1', key: `${'A'.repeat(43)}=` }] };

interface Below {
  /** What is stored of the tenant. */
  readonly config?: Record<string, unknown>;
  /** What ConfigService has. */
  readonly env?: Record<string, unknown>;
}

function serviceWith(options: TenantConfigOptions, { config = {}, env = {} }: Below = {}): TenantConfigService {
  const store = new InMemoryTenantStore([{ id: 'acme', schema: 't_acme', config }]);
  const tenants = new TenantService(store, undefined, { ttl: 0 });
  const base = { get: (key: string) => env[key] } as never;
  return new TenantConfigService(new TenantContext(tenants), tenants, base, options);
}

/** All that somebody could read of what an update answers, or fails with. */
async function toldOf(update: Promise<unknown>): Promise<string> {
  const outcome = await update.catch((error: unknown) => error);
  return `${inspect(outcome, { depth: 10 })} ${outcome instanceof TenancyError ? JSON.stringify(problemOf(outcome)) : ''}`;
}

/** A schema that quotes what it was given, as some libraries do. */
function quoting(validate: (values: Record<string, unknown>) => StandardSchemaV1.Result<unknown>): StandardSchemaV1 {
  return {
    '~standard': { version: 1, vendor: 'quoting', validate: (value) => validate(value as Record<string, unknown>) },
  };
}

describe('a secret that a schema quotes', () => {
  it.each<[string, unknown]>([
    ['a text', CANARY],
    ['a text with a quotation mark', `${CANARY}"1`],
    ['a text with a backslash', `${CANARY}\\1`],
    ['an object', { user: 'a', pass: CANARY }],
    ['a list', ['a', CANARY]],
  ])('is not told: %s', async (_what, password) => {
    const schema = quoting((values) => ({ issues: [{ path: [], message: `was ${JSON.stringify(values)}` }] }));
    const service = serviceWith({ keys: { password: { secret: true }, host: {} }, schema, encryption });

    expect(await toldOf(service.update({ password }, 'acme'))).not.toContain(CANARY);
  });

  it('is not told where a part of it is quoted for another setting', async () => {
    const schema = quoting(({ login }) => ({
      issues: [{ path: ['host'], message: `${(login as { pass: string }).pass} is too weak for this host` }],
    }));
    const service = serviceWith({ keys: { login: { secret: true }, host: {} }, schema, encryption });

    expect(await toldOf(service.update({ login: { pass: CANARY }, host: 'x' }, 'acme'))).not.toContain(CANARY);
  });
});

describe('what ConfigService has and nobody declared', () => {
  const env = { DATABASE_URL: `postgres://${CANARY}` };

  it('does not become a tenant’s by a key of its own that the schema leaves out', async () => {
    const schema = quoting(() => ({ value: {} }));
    const settings = await serviceWith({ schema }, { config: { DATABASE_URL: 'x' }, env }).for('acme');

    expect(JSON.stringify(settings.getAll())).not.toContain(CANARY);
    expect(settings.get('DATABASE_URL')).toBeUndefined();
  });

  it.each<[string, TenantConfigOptions]>([
    ['with declared keys', { keys: { 'email.from': {} } }],
    ['without', {}],
  ])('is not shown to the schema for a change to null, %s', async (_which, more) => {
    const schema = quoting((values) => {
      const others = Object.entries(values).filter(([key]) => key !== 'email.from');
      if (others.length === 0) return { value: values };
      return { issues: others.map(([key, value]) => ({ path: [key], message: `received "${String(value)}"` })) };
    });
    const service = serviceWith({ schema, ...more }, { env });

    expect(await toldOf(service.update({ DATABASE_URL: null }, 'acme'))).not.toContain(CANARY);
  });
});

describe('a value that JSON makes null of', () => {
  it.each<[string, unknown]>([
    ['a date that is none', new Date('x')],
    ['an object that says so', { toJSON: () => null }],
  ])('is refused, and removes no setting: %s', async (_what, until) => {
    const service = serviceWith({ schema: z.object({ until: z.any().optional() }) }, { config: { until: 'kept' } });

    await expect(service.update({ until }, 'acme')).rejects.toMatchObject({ code: 'TENANT_CONFIG_INVALID' });
    expect((await service.for('acme')).get('until')).toBe('kept');
  });
});

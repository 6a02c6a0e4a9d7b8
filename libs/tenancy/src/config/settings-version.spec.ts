import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configured } from '../../../../test/support/tenant-config.js';
import { TenantConfigConflictError, TenantConfigInvalidError } from '../tenancy.errors.js';
import { InMemoryTenantStore } from '../tenants/in-memory-tenant-store.js';
import { TenantService } from '../tenants/tenant.service.js';
import { TenantContext } from '../context/tenant-context.js';
import { TenantConfigService } from './tenant-config.service.js';

const schema = z
  .strictObject({ a: z.number().optional(), b: z.number().optional() })
  .refine(({ a = 0, b = 0 }) => a + b <= 10, 'More than 10 together.');

describe('a change for the version that was read', () => {
  it('is stored where nobody has changed the settings since', async () => {
    const { config, context } = configured({ schema });
    const { version } = await config.for('acme');

    await config.update({ a: 1 }, { tenantId: 'acme', ifVersion: version });
    await context.run('acme', async () => {
      expect(config.version).not.toBe(version);
      expect(await config.update({ a: 2 }, { ifVersion: config.version })).toEqual({ a: 2 });
    });
  });

  it('is refused where somebody has, and nothing is stored', async () => {
    const { config, stored } = configured({ schema });
    const { version } = await config.for('acme');
    await config.update({ a: 1 }, 'acme');

    const late = config.update({ a: 2 }, { tenantId: 'acme', ifVersion: version });
    await expect(late).rejects.toThrow(TenantConfigConflictError);
    expect(await stored('acme')).toEqual({ a: 1 });
  });

  it('is stored once, of ten that were made from what all of them had read', async () => {
    const { config, stored } = configured({ schema });
    const { version } = await config.for('acme');
    const changes = Array.from({ length: 10 }, (_, a) =>
      config.update({ a }, { tenantId: 'acme', ifVersion: version }),
    );

    const done = (await Promise.allSettled(changes)).filter(({ status }) => status === 'fulfilled');
    expect(done).toHaveLength(1);
    expect(await stored('acme')).toEqual({ a: 0 });
  });

  it('is not refused because this process knows only an older version', async () => {
    const store = new InMemoryTenantStore([{ id: 'acme', schema: 't_acme' }]);
    const tenants = new TenantService(store, undefined, { ttl: 600_000 });
    const config = new TenantConfigService(new TenantContext(tenants), tenants, undefined, { schema });
    await config.for('acme');
    const other = configured({ schema }, { store });
    await other.config.update({ a: 1 }, 'acme');
    const { version } = await other.config.for('acme');

    expect(await config.update({ b: 1 }, { tenantId: 'acme', ifVersion: version })).toEqual({ a: 1, b: 1 });
  });
});

describe('two changes at once', () => {
  it('that are valid alone and not together are not both stored, whichever process they come from', async () => {
    const store = new InMemoryTenantStore([{ id: 'acme', schema: 't_acme' }]);
    const [one, other] = [configured({ schema }, { store }), configured({ schema }, { store })];

    const outcomes = await Promise.allSettled([
      one.config.update({ a: 6 }, 'acme'),
      other.config.update({ b: 6 }, 'acme'),
    ]);

    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.map(({ reason }) => reason as unknown)).toEqual([expect.any(TenantConfigInvalidError)]);
    expect(Object.keys(await one.stored('acme'))).toHaveLength(1);
  });

  it('are both stored where they are valid together', async () => {
    const store = new InMemoryTenantStore([{ id: 'acme', schema: 't_acme' }]);
    const processes = Array.from({ length: 5 }, () =>
      configured({ schema: z.record(z.string(), z.number()) }, { store }),
    );

    await Promise.all(
      processes.flatMap(({ config }, n) => [0, 1].map((m) => config.update({ [`${n}.${m}`]: 1 }, 'acme'))),
    );

    expect(Object.keys(await processes[0].stored('acme'))).toHaveLength(10);
  });
});

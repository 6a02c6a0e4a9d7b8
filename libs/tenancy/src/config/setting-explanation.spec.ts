import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configured } from '../../../../test/support/tenant-config.js';

const base = {
  get: (key: string) => ({ from: 'env@service.test', limit: 20, PGPASSWORD: 'canary-env' })[key] as never,
};
const options = {
  keys: { from: {}, limit: { overridable: false }, footer: {}, password: { secret: true }, nothing: {} },
  schema: z.looseObject({ from: z.email() }),
  defaults: { from: 'default@service.test', footer: 'default', limit: 10, password: 'canary-default' },
  encryption: { keys: [{ id: 'k1', key: randomBytes(32) }] },
};

describe('an explanation', () => {
  it.each([
    ['from', 'tenant', 'acme@acme.test', ['tenant', 'environment', 'default']],
    ['limit', 'environment', 20, ['tenant', 'environment', 'default']],
    ['footer', 'default', 'default', ['default']],
    ['nothing', undefined, undefined, []],
  ])('says where a value comes from: %s', async (key, layer, value, layers) => {
    const { config, put } = configured(options, { base });
    await put('acme', { from: 'acme@acme.test', limit: 1_000, unknown: 1 });
    const explained = (await config.for('acme')).explain(key);

    expect(explained).toMatchObject({ key, declared: true, layer, value });
    expect(explained.layers.map((one) => one.layer)).toEqual(layers);
  });

  it('says what is ignored', async () => {
    const { config, context, put } = configured(options, { base });
    await put('acme', { limit: 1_000 });

    await context.run('acme', () => {
      expect(config.explain('limit')).toEqual({
        key: 'limit',
        declared: true,
        overridable: false,
        secret: false,
        layer: 'environment',
        value: 20,
        layers: [
          { layer: 'tenant', value: 1_000, ignored: true },
          { layer: 'environment', value: 20, ignored: false },
          { layer: 'default', value: 10, ignored: false },
        ],
      });
    });
  });

  it('shows no secret, and nothing of what is no setting', async () => {
    const { config, put, stored } = configured(options, { base });
    await config.update({ password: 'canary-tenant' }, 'acme');
    await put('acme', { ...(await stored('acme')), PGPASSWORD: 'canary-other' });
    const settings = await config.for('acme');

    expect(settings.explain('password')).toMatchObject({ layer: 'tenant', value: '[secret]', secret: true });
    expect(settings.explain('password').layers.map(({ layer }) => layer)).toEqual(['tenant', 'default']);
    expect(settings.explain('PGPASSWORD')).toMatchObject({ declared: false, layer: undefined, layers: [] });
    expect(JSON.stringify([settings.explain('password'), settings.explain('PGPASSWORD')])).not.toMatch(/canary|sealed/);
  });

  it('is given of settings that are not valid, too', async () => {
    const { config, put } = configured(options, { base });
    await put('acme', { from: 'nobody' });

    expect((await config.for('acme')).explain('from')).toMatchObject({ layer: 'tenant', value: 'nobody' });
  });
});

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Configured } from '../../../../test/support/tenant-config.js';
import { configured } from '../../../../test/support/tenant-config.js';
import { TenancyOptionsError, TenantConfigInvalidError } from '../tenancy.errors.js';

const keys = { 'email.from': {}, 'email.perDay': { overridable: false } };
// Not strict: what is declared does not depend on it.
const schema = z.looseObject({ 'email.from': z.string().optional(), 'email.perDay': z.number().optional() });
const defaults = { 'email.perDay': 50, 'platform.url': 'https://service.test' };
const base = { get: (key: string) => ({ JWT_SECRET: 'of the service' })[key] as never };
const foreign = { 'email.perDay': 1_000_000, 'platform.url': 'https://evil.test', JWT_SECRET: 'mine', own: 1 };

async function acme(stored: Record<string, unknown>, options = {}): Promise<Configured<Record<string, unknown>>> {
  const made = configured({ keys, schema, defaults, ...options }, { base });
  await made.put('acme', stored);
  return made;
}

describe('what is stored for a tenant', () => {
  it('is ignored where it is not declared, or not the tenant’s to set', async () => {
    const { config } = await acme({ ...foreign, 'email.from': 'hello@acme.test' });
    const settings = await config.for('acme');

    expect(settings.get('email.from')).toBe('hello@acme.test');
    expect(settings.get('email.perDay')).toBe(50);
    expect(settings.get('platform.url')).toBe('https://service.test');
    expect(settings.get('JWT_SECRET')).toBe('of the service');
    expect(settings.get('own')).toBeUndefined();
    expect(settings.getAll()).toEqual({
      'email.from': 'hello@acme.test',
      'email.perDay': 50,
      'platform.url': 'https://service.test',
    });
  });

  it('is ignored where the schema lists the settings and they are declared nowhere else', async () => {
    const { config } = await acme(foreign, { keys: undefined, schema: z.object({ own: z.string().optional() }) });
    const settings = await config.for('acme').catch((error: unknown) => error);

    expect(settings).not.toBeInstanceOf(Error);
    expect(() => (settings as Awaited<ReturnType<typeof config.for>>).get('own')).toThrow('own: Invalid input');
    const strict = await acme(foreign, {
      keys: undefined,
      schema: z.strictObject({ 'email.from': z.string() }).partial(),
    });
    expect((await strict.config.for('acme')).getAll()).toEqual(defaults);
  });

  it('is left as it is by a change of what is declared', async () => {
    const { config, stored } = await acme(foreign);
    await config.update({ 'email.from': 'hello@acme.test' }, 'acme');

    expect(await stored('acme')).toEqual({ ...foreign, 'email.from': 'hello@acme.test' });
  });
});

describe('a change', () => {
  it.each([
    ['not declared', 'own', 'own: There is no such setting.'],
    ['one with a default that is not declared', 'platform.url', 'platform.url: There is no such setting.'],
    ['not the tenant’s to set', 'email.perDay', 'email.perDay: A tenant cannot set this.'],
  ])('of a setting that is %s is refused, and its removal too', async (_what, key, message) => {
    const { config, stored } = await acme(foreign);

    for (const value of [1, null]) {
      const refused = config.update({ [key]: value, 'email.from': 'x@acme.test' }, 'acme');
      await expect(refused).rejects.toThrow(TenantConfigInvalidError);
      await expect(refused).rejects.toThrow(message);
    }
    expect(await stored('acme')).toEqual(foreign);
  });

  it('that is refused for many keys is told of the first, and how many more there are', async () => {
    const { config } = await acme({}, { schema: z.strictObject({ 'email.from': z.string().optional() }) });
    const unknown = Object.fromEntries(Array.from({ length: 1_500 }, (_, i) => [`k${i}`, 1]));
    const refused: unknown = await config.update(unknown, 'acme').catch((error: unknown) => error);

    expect(refused).toBeInstanceOf(TenantConfigInvalidError);
    const { issues, message } = refused as TenantConfigInvalidError;
    expect(issues).toHaveLength(21);
    expect(issues[1]).toEqual({ key: 'k0', message: 'There is no such setting.' });
    expect(issues.at(-1)).toEqual({ key: '', message: '1481 more.' });
    expect(message.length).toBeLessThan(2_000);
    const long: unknown = await config.update({ ['k'.repeat(9_000)]: 1 }, 'acme').catch((error: unknown) => error);
    expect((long as Error).message.length).toBeLessThan(1_000);
  });

  it('that would make all settings too large is refused; one that makes them smaller is not', async () => {
    const { config, put } = await acme({ own: 'x'.repeat(10_000) });
    await expect(config.update({ 'email.from': 'x'.repeat(10_000) }, 'acme')).rejects.toThrow('more than 16384 bytes');

    await put('acme', { own: 'x'.repeat(20_000), 'email.from': 'xx' });
    await expect(config.update({ 'email.from': 'x' }, 'acme')).resolves.toMatchObject({ 'email.from': 'x' });
  });
});

describe('the declaration', () => {
  it.each<[string, unknown]>([
    ['a misspelt property', { 'smtp.password': { secrets: true } }],
    ['a property of another type', { 'smtp.password': { secret: 'yes' } }],
    ['no object', { 'smtp.password': true }],
    ['a key that every object has', { 'email.constructor': {} }],
    ['a key that changes objects', JSON.parse('{"__proto__":{}}')],
    ['an empty key', { '': {} }],
  ])('is refused at start with %s', (_what, wrong) => {
    expect(() => configured({ keys: wrong as never, encryption: { keys: [] } })).toThrow(TenancyOptionsError);
  });

  it('is refused at start where a default is not valid, or ConfigService’s value', () => {
    const wrong = { get: (key: string) => (key === 'email.from' ? 7 : undefined) as never };

    expect(() => configured({ keys, schema, defaults: { 'email.perDay': '50' } })).toThrow(
      'email.perDay: Invalid input',
    );
    expect(() => configured({ keys, schema }, { base: wrong })).toThrow(TenancyOptionsError);
  });

  it('may leave to each tenant what the schema requires', async () => {
    const { config, put } = configured({ schema: z.object({ 'email.from': z.string() }) });
    await put('acme', { 'email.from': 'hello@acme.test' });

    expect((await config.for('acme')).get('email.from')).toBe('hello@acme.test');
    expect((await config.for('globex')).getAll).toThrow('email.from: Invalid input');
  });

  it('has a schema that answers at once', () => {
    const waiting = z.object({ 'email.from': z.string().optional() }).refine(async () => true);

    expect(() => configured({ schema: waiting })).toThrow(TenancyOptionsError);
  });
});

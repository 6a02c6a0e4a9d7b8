import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configured } from '../../../../test/support/tenant-config.js';
import { TenantConfigInvalidError } from '../tenancy.errors.js';

const encryption = { keys: [{ id: 'k1', key: randomBytes(32) }] };
const DEEP = { a: { b: { c: { d: { e: 1 } } } } };
const UNLASTING = 'The schema must take what it makes of a value, and make the same of it.';

describe('a schema that does not take what it makes', () => {
  it.each<[string, z.ZodType, unknown]>([
    ['another type', z.string().transform(Number), '25'],
    ['another type within a value', z.object({ port: z.string().transform(Number) }), { port: '25' }],
    ['a set', z.array(z.string()).transform((list) => new Set(list)), ['a']],
    ['more each time', z.string().transform((text) => `${text}!`), 'hello'],
    ['more each time within a value', z.array(z.string()).transform((list) => [...list, 'x']), ['a']],
    ['another one each time', z.string().transform(() => randomBytes(8).toString('hex')), 'a'],
  ])('has nothing stored that it makes: %s', async (_what, type, value) => {
    const keys = { kept: {}, setting: {} };
    const schema = z.object({ kept: z.string(), setting: type }).partial();
    const { config, put, stored } = configured({ keys, schema });
    await put('acme', { kept: 'as it is' });

    const refused = config.update({ setting: value, kept: 'changed' }, 'acme');
    await expect(refused).rejects.toThrow(TenantConfigInvalidError);
    await expect(refused).rejects.toMatchObject({ issues: [{ message: UNLASTING }] });
    await expect(refused).rejects.toThrow('setting');
    expect(await stored('acme')).toEqual({ kept: 'as it is' });
    expect((await config.for('acme')).getAll()).toEqual({ kept: 'as it is' });
  });

  it.each<[string, z.ZodType, unknown, string]>([
    [
      'what JSON cannot hold',
      z.string().transform(BigInt),
      '7',
      'setting: The schema makes nothing of it that JSON can hold.',
    ],
    ['not a number', z.any().transform(Number), 'x', 'setting: The schema makes nothing of it that JSON can hold.'],
    ['nothing', z.any().transform(() => undefined), 'x', 'setting: The schema makes nothing of it that JSON can hold.'],
    ['more depth than is read', z.any().transform(() => DEEP), 'x', 'setting.a.b.c.d: Deeper than 5 levels.'],
    [
      'a reserved key',
      z.any().transform(() => ({ constructor: 1 })),
      'x',
      'setting.constructor: This key is reserved.',
    ],
  ])('has nothing stored of it: %s', async (_what, type, value, message) => {
    const { config, stored } = configured({ keys: { setting: {} }, schema: z.object({ setting: type }).partial() });

    await expect(config.update({ setting: value }, 'acme')).rejects.toThrow(message);
    expect(await stored('acme')).toEqual({});
  });

  it('tells no secret that it makes', async () => {
    const schema = z.object({ password: z.string().transform((text) => `${text}-canary`) }).partial();
    const { config, stored } = configured({ keys: { password: { secret: true } }, schema, encryption });

    const refused = await config.update({ password: 'own' }, 'acme').catch((error: unknown) => error);
    expect(refused).toMatchObject({ issues: [{ key: 'password', message: UNLASTING }] });
    expect(JSON.stringify(refused)).not.toContain('canary');
    expect(await stored('acme')).toEqual({});
  });
});

describe('a schema that takes what it makes', () => {
  it.each<[string, z.ZodType, unknown, unknown]>([
    ['a trimmed text', z.string().trim().toLowerCase(), ' Hello ', 'hello'],
    ['a number', z.coerce.number(), '25', 25],
    ['a default within a value', z.object({ port: z.number().default(25) }), {}, { port: 25 }],
    ['a date, which is read as one', z.coerce.date(), '2026-01-02', new Date('2026-01-02')],
  ])('has it stored, and reads the same: %s', async (_what, type, value, read) => {
    const { config, stored } = configured({ keys: { setting: {} }, schema: z.object({ setting: type }).partial() });

    expect(await config.update({ setting: value }, 'acme')).toEqual({ setting: read });
    expect((await config.for('acme')).get('setting')).toEqual(read);
    expect(await stored('acme')).toEqual(JSON.parse(JSON.stringify({ setting: read })));
  });

  it('may make something else of what is not changed: that stays as it is stored', async () => {
    const schema = z.object({ setting: z.string(), other: z.string().transform(Number) }).partial();
    const { config, put, stored } = configured({ keys: { setting: {}, other: {} }, schema });
    await put('acme', { other: '25' });

    expect(await config.update({ setting: 'a' }, 'acme')).toEqual({ setting: 'a', other: 25 });
    expect(await config.update({ setting: null }, 'acme')).toEqual({ other: 25 });
    expect(await stored('acme')).toEqual({ other: '25' });
  });
});

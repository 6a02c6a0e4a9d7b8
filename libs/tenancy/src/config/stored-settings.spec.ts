import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configured } from '../../../../test/support/tenant-config.js';
import { TenantConfigInvalidError, TenantConfigUnusableError } from '../tenancy.errors.js';

const schema = z
  .strictObject({
    'email.from': z.email().optional(),
    'email.enabled': z.boolean().optional(),
    'email.perDay': z.coerce.number().max(100).optional(),
    theme: z.strictObject({ colours: z.array(z.string()) }).optional(),
    anything: z.unknown().optional(),
  })
  .refine(
    (settings) => settings['email.enabled'] !== true || settings['email.from'] !== undefined,
    'Enabled, and no sender.',
  );
const deep = { a: { b: { c: { d: { e: 1 } } } } };

describe('settings that are stored and not valid any more', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['a value that the schema refuses', { 'email.from': 'nobody' }, 'email.from: Invalid email address'],
    ['a type that the schema refuses', { theme: 'dark' }, 'theme: '],
    ['values that contradict each other', { 'email.enabled': true }, 'Enabled, and no sender.'],
    ['a reserved key', { anything: JSON.parse('{"a":{"__proto__":{"admin":true}}}') }, 'This key is reserved.'],
    ['more depth than a change may have', { anything: deep }, 'Deeper than 5 levels.'],
    ['more than a change may hold', { anything: 'x'.repeat(20_000) }, 'more than 16384 bytes'],
    ['an encrypted secret where none belongs', { anything: 'sealed:v1:a:b' }, 'this is not its place'],
  ])('are not handed out, not even those that are valid by themselves: %s', async (_what, wrong, message) => {
    const { config, put, context } = configured({ schema });
    await put('acme', { 'email.perDay': 5, ...wrong });
    const settings = await config.for('acme');

    for (const read of [
      () => settings.get('email.perDay'),
      () => settings.getOrThrow('email.perDay'),
      settings.getAll,
    ]) {
      expect(read).toThrow(TenantConfigUnusableError);
      expect(read).toThrow(message);
    }
    await context.run('acme', () => expect(() => config.get('email.perDay')).toThrow(TenantConfigUnusableError));
    expect((await config.for('globex')).getAll()).toEqual({});
  });

  it('are mended by a change, and by none that leaves the fault in', async () => {
    const { config, put, stored } = configured({ schema });
    await put('acme', { 'email.from': 'nobody', 'email.perDay': 5 });

    await expect(config.update({ 'email.perDay': 6 }, 'acme')).rejects.toThrow(TenantConfigInvalidError);
    expect(await config.update({ 'email.from': null }, 'acme')).toEqual({ 'email.perDay': 5 });
    expect(await stored('acme')).toEqual({ 'email.perDay': 5 });
  });

  it('are refused where the tenant’s own is valid, and not over what lies below it', async () => {
    const { config } = configured({ schema, defaults: { 'email.from': 'a@service.test' } });
    await config.update({ 'email.enabled': true }, 'acme');
    const { config: later, put } = configured({ schema });
    await put('acme', { 'email.enabled': true });

    const settings = await later.for('acme');
    expect(settings.getAll).toThrow('Enabled, and no sender.');
  });

  it('are not handed out where the schema itself fails', async () => {
    const validate = (settings: unknown) => {
      if (Object.hasOwn(settings as object, 'a')) throw new Error('cannot take it');
      return { value: settings };
    };
    const failing = { '~standard': { version: 1 as const, vendor: 'test', validate } };
    const { config, put } = configured({ schema: failing });
    await put('acme', { a: 'x' });

    const settings = await config.for('acme');
    expect(settings.getAll).toThrow('The schema failed.');
  });
});

describe('settings that are stored and valid', () => {
  it('are what the schema makes of them, and nobody can change them', async () => {
    const { config, put } = configured({ schema });
    await put('acme', { 'email.perDay': '7', theme: { colours: ['red'] } });
    const settings = await config.for('acme');
    const theme = settings.get('theme') as { colours: string[] };

    expect(settings.get('email.perDay')).toBe(7);
    expect(() => theme.colours.push('blue')).toThrow(TypeError);
    expect(settings.get('theme')).toEqual({ colours: ['red'] });
  });
});

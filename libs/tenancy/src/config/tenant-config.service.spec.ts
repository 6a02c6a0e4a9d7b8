import { ConfigModule } from '@nestjs/config';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { TenantContext } from '../context/tenant-context.js';
import { TenancyModule } from '../tenancy.module.js';
import {
  TenancyOptionsError,
  TenantConfigInvalidError,
  TenantContextMissingError,
  TenantNotFoundError,
} from '../tenancy.errors.js';
import { InMemoryTenantStore } from '../tenants/in-memory-tenant-store.js';
import type { TenantConfigOptions } from './tenant-config-options.js';
import { TenantConfigService } from './tenant-config.service.js';

interface Settings {
  'email.from': string;
  'email.footer': string;
  'sms.senderId': string;
  'sms.perDay': number;
  'sms.enabled': boolean;
  'ui.colours': readonly string[];
  'ui.theme': { name: string; inner?: unknown };
}

const schema = z
  .strictObject({
    'email.from': z.email(),
    'email.footer': z.string().trim(),
    'sms.senderId': z.string().max(11),
    'sms.perDay': z.int().min(0),
    'sms.enabled': z.boolean(),
    'ui.colours': z.array(z.string()),
    'ui.theme': z.strictObject({ name: z.string(), inner: z.unknown().optional() }),
  })
  .partial();

@Injectable()
class Reader {
  constructor(readonly config: TenantConfigService<Settings>) {}
}

type App = Awaited<ReturnType<typeof NestFactory.createApplicationContext>>;
let app: App;
let store: InMemoryTenantStore;
let config: TenantConfigService<Settings>;
let context: TenantContext;

async function start(options?: TenantConfigOptions, withConfigModule = true): Promise<void> {
  store = new InMemoryTenantStore([
    { id: 'acme', schema: 't_acme', config: { 'email.from': 'hello@acme.test' } },
    { id: 'globex', schema: 't_globex' },
    { id: 'dormant', schema: 't_dormant', status: 'suspended' },
  ]);
  const base = { email: { from: 'base@service.test', footer: 'base' }, sms: { perDay: 50 } };
  @Module({
    imports: [
      ...(withConfigModule ? [ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true, load: [() => base] })] : []),
      TenancyModule.forRoot({ store, config: options }),
    ],
    providers: [Reader],
  })
  class SettingsModule {}
  app = await NestFactory.createApplicationContext(SettingsModule, { logger: false });
  config = app.get(Reader).config;
  context = app.get(TenantContext);
}

const defaults = { 'email.from': 'default@service.test', 'sms.senderId': 'Service', 'ui.colours': ['red'] };
const as = <T>(id: string, work: () => T): Promise<Awaited<T>> => context.run(id, work);

beforeEach(() => start({ schema, defaults }));
afterEach(() => app.close());

describe('a setting', () => {
  it('is the tenant’s own, then ConfigService’s, then the default', async () => {
    expect(await as('acme', () => config.get('email.from'))).toBe('hello@acme.test');
    expect(await as('globex', () => config.get('email.from'))).toBe('base@service.test');
    expect(await as('globex', () => config.get('email.footer'))).toBe('base');
    expect(await as('globex', () => config.get('sms.perDay'))).toBe(50);
    expect(await as('globex', () => config.get('sms.senderId'))).toBe('Service');
  });

  it('is undefined where nobody has it, and getOrThrow() says so', async () => {
    expect(await as('globex', () => config.get('ui.theme'))).toBeUndefined();
    await expect(as('globex', () => config.getOrThrow('ui.theme'))).rejects.toThrow(
      'Neither the tenant, nor ConfigService, nor the defaults have a value of ui.theme.',
    );
  });

  it('may be false, zero or empty: that is a value', async () => {
    await as('globex', async () => {
      await config.update({ 'sms.enabled': false, 'sms.perDay': 0, 'email.footer': '' });
      expect([config.get('sms.enabled'), config.get('sms.perDay'), config.getOrThrow('email.footer')]).toEqual([
        false,
        0,
        '',
      ]);
    });
  });

  it('has its type', () => {
    expectTypeOf<ReturnType<typeof config.get<'sms.perDay'>>>().toEqualTypeOf<number | undefined>();
    expectTypeOf<ReturnType<typeof config.getOrThrow<'email.from'>>>().toEqualTypeOf<string>();
    expectTypeOf(config.get<keyof Settings>)
      .parameter(0)
      .toEqualTypeOf<keyof Settings>();
    expectTypeOf(config.getAll).returns.toEqualTypeOf<Partial<Settings>>();
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'email.constructor', 'email.from.length.valueOf'])(
    'is not what every object has: %s',
    async (key) => {
      expect(await as('acme', () => config.get(key as never))).toBeUndefined();
    },
  );

  it('cannot be changed by who reads it', async () => {
    const colours = (await as('acme', () => config.get('ui.colours'))) as string[];

    expect(() => colours.push('blue')).toThrow(TypeError);
    expect(await as('globex', () => config.get('ui.colours'))).toEqual(['red']);
  });

  it('needs a current tenant', () => {
    expect(() => config.get('email.from')).toThrow(TenantContextMissingError);
    expect(() => config.getAll()).toThrow(TenantContextMissingError);
  });
});

describe('all settings', () => {
  it('are those with a default and the tenant’s own', async () => {
    await as('acme', () => config.update({ 'sms.enabled': true }));

    expect(await as('acme', () => config.getAll())).toEqual({
      'email.from': 'hello@acme.test',
      'sms.senderId': 'Service',
      'ui.colours': ['red'],
      'sms.enabled': true,
    });
    expect(await as('globex', () => config.getAll())).toEqual({
      'email.from': 'base@service.test',
      'sms.senderId': 'Service',
      'ui.colours': ['red'],
    });
  });
});

describe('the settings of a named tenant', () => {
  it('are its own, whoever is current', async () => {
    const read = async () => (await config.for('acme')).getOrThrow('email.from');

    expect(await read()).toBe('hello@acme.test');
    expect(await as('globex', read)).toBe('hello@acme.test');
  });

  it('are refused where there is none', async () => {
    await expect(config.for('nobody')).rejects.toThrow(TenantNotFoundError);
  });
});

describe('a change', () => {
  it('is stored, and seen by the next read of the same scope and of another', async () => {
    await as('acme', async () => {
      const all = await config.update({ 'email.from': 'new@acme.test' });

      expect(all['email.from']).toBe('new@acme.test');
      expect(config.get('email.from')).toBe('new@acme.test');
    });
    expect(await as('acme', () => config.get('email.from'))).toBe('new@acme.test');
    expect((await store.findById('acme'))?.config).toEqual({ 'email.from': 'new@acme.test' });
  });

  it('is one tenant’s alone', async () => {
    await as('acme', () => config.update({ 'sms.senderId': 'Acme' }));

    expect(await as('globex', () => config.get('sms.senderId'))).toBe('Service');
  });

  it('may be a named tenant’s, and leaves the current one as it is', async () => {
    await as('globex', async () => {
      await config.update({ 'email.from': 'new@acme.test' }, 'acme');
      expect(context.tenantId).toBe('globex');
      expect(config.get('email.from')).toBe('base@service.test');
    });
    await config.update({ 'sms.senderId': 'Acme' }, 'acme');

    expect((await store.findById('acme'))?.config).toEqual({ 'email.from': 'new@acme.test', 'sms.senderId': 'Acme' });
  });

  it('is no change of the current tenant, where that became another one meanwhile', async () => {
    const globex = await app.get(TenantContext).run('globex', () => context.getOrThrow());
    await as('acme', async () => {
      const changing = config.update({ 'sms.senderId': 'Acme' });
      context.set(globex);
      await changing;
      expect(context.tenantId).toBe('globex');
    });
  });

  it('removes a key that it names null: what is below it holds again', async () => {
    await as('acme', async () => {
      await config.update({ 'email.from': null, 'sms.senderId': null });
      expect(config.get('email.from')).toBe('base@service.test');
    });
    expect((await store.findById('acme'))?.config).toEqual({});
  });

  it('does not undo another that is made at the same time', async () => {
    await as('acme', () =>
      Promise.all([
        config.update({ 'sms.senderId': 'Acme' }),
        config.update({ 'sms.perDay': 5 }),
        config.update({ 'sms.enabled': true }),
      ]),
    );

    expect(await as('acme', () => config.getAll())).toMatchObject({
      'email.from': 'hello@acme.test',
      'sms.senderId': 'Acme',
      'sms.perDay': 5,
      'sms.enabled': true,
    });
  });

  it('leaves alone a key that it names undefined', async () => {
    await as('acme', () => config.update({ 'email.from': undefined, 'sms.perDay': 5 }));

    expect((await store.findById('acme'))?.config).toEqual({ 'email.from': 'hello@acme.test', 'sms.perDay': 5 });
  });

  it('may be an object of a class', async () => {
    class Body {
      readonly 'sms.senderId' = 'Acme';
      readonly 'ui.theme' = Object.assign(Object.create({ inherited: 1 }), { name: 'dark' });
    }

    await as('acme', () => config.update(new Body()));

    expect((await store.findById('acme'))?.config).toMatchObject({
      'ui.theme': { name: 'dark' },
      'sms.senderId': 'Acme',
    });
  });

  it('stores what the schema makes of it', async () => {
    await as('acme', () => config.update({ 'email.footer': '  Acme  ' }));

    expect((await store.findById('acme'))?.config['email.footer']).toBe('Acme');
  });

  it('needs a tenant, and an active one', async () => {
    await expect(config.update({ 'sms.perDay': 1 })).rejects.toThrow(TenantContextMissingError);
    await expect(config.update({ 'sms.perDay': 1 }, 'nobody')).rejects.toThrow(TenantNotFoundError);
    await expect(config.update({ 'sms.perDay': 1 }, 'dormant')).rejects.toThrow('is suspended');
  });

  it('has the types of the settings', () => {
    expectTypeOf(config.update).parameter(0).toEqualTypeOf<{ readonly [P in keyof Settings]?: Settings[P] | null }>();
  });
});

describe('a change that is refused', () => {
  const deep = (levels: number): unknown => (levels === 0 ? 'end' : { inner: deep(levels - 1) });

  it.each<readonly [string, unknown, string]>([
    ['no address', { 'email.from': 'nobody' }, 'email.from'],
    ['another type', { 'sms.perDay': '5' }, 'sms.perDay'],
    ['a key that is not declared', { 'sms.unknown': 1 }, 'Unrecognized key'],
    ['a key within a value that is not declared', { 'ui.theme': { name: 'a', dark: true } }, 'Unrecognized key'],
    ['one good key and one bad', { 'sms.senderId': 'Acme', 'email.from': 'nobody' }, 'email.from'],
    ['__proto__', JSON.parse('{"__proto__":{"admin":true}}'), '__proto__: This key is reserved.'],
    ['constructor', { constructor: {} }, 'constructor: This key is reserved.'],
    ['prototype', { 'ui.theme': { name: 'a', inner: { prototype: 1 } } }, 'ui.theme.inner.prototype'],
    ['__proto__ within', { 'ui.theme': JSON.parse('{"name":"a","__proto__":{}}') }, 'ui.theme.__proto__'],
    [
      '__proto__ within a list',
      { 'ui.theme': { name: 'a', inner: [JSON.parse('{"__proto__":1}')] } },
      'inner.0.__proto__',
    ],
    ['too deep a value', { 'ui.theme': { name: 'a', inner: deep(4) } }, 'Deeper than 5 levels.'],
    ['an endless value', { 'ui.theme': endless() }, 'JSON cannot hold these settings.'],
    ['not a number', { 'sms.perDay': Number.NaN }, 'sms.perDay: Not a number.'],
    ['too large a value', { 'email.footer': 'x'.repeat(17_000) }, 'More than 16384 bytes.'],
    ['too large a value in bytes', { 'email.footer': '株'.repeat(6_000) }, 'More than 16384 bytes.'],
    ['a list', [], 'The settings are an object of keys and values.'],
    ['nothing', undefined, 'The settings are an object of keys and values.'],
    ['null', null, 'The settings are an object of keys and values.'],
    ['a string', 'x', 'The settings are an object of keys and values.'],
    ['what JSON cannot hold', { 'ui.theme': { name: 'a', inner: 1n } }, 'JSON'],
  ])('stores nothing: %s', async (_what, patch, message) => {
    const refused = as('acme', () => config.update(patch as never));

    await expect(refused).rejects.toThrow(TenantConfigInvalidError);
    await expect(refused).rejects.toThrow(message);
    expect((await store.findById('acme'))?.config).toEqual({ 'email.from': 'hello@acme.test' });
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('names each fault by its key', async () => {
    const refused = await as('acme', () => config.update({ 'email.from': 'x', 'ui.theme': {} as never })).catch(
      (error: unknown) => error,
    );

    expect((refused as TenantConfigInvalidError).issues.map(({ key }) => key)).toEqual(['email.from', 'ui.theme.name']);
  });

  it('may be the deepest and largest that is taken', async () => {
    await as('acme', () => config.update({ 'ui.theme': { name: 'x'.repeat(16_000), inner: deep(3) } }));

    expect(await as('acme', () => config.get('ui.theme')?.inner)).toEqual(deep(3));
  });
});

function endless(): Record<string, unknown> {
  const value: Record<string, unknown> = { name: 'a' };
  value.inner = value;
  return value;
}

describe('a module without a schema', () => {
  beforeEach(async () => {
    await app.close();
    await start({ defaults });
  });

  it('lets nothing be changed', async () => {
    await expect(as('acme', () => config.update({ 'sms.perDay': 1 }))).rejects.toThrow(TenancyOptionsError);
    await expect(as('acme', () => config.update({ 'sms.perDay': 1 }))).rejects.toThrow('config.schema');
    expect((await store.findById('acme'))?.config).toEqual({ 'email.from': 'hello@acme.test' });
  });
});

describe('a module without options and without ConfigModule', () => {
  beforeEach(async () => {
    await app.close();
    await start(undefined, false);
  });

  it('has what the tenants have', async () => {
    expect(await as('acme', () => config.getAll())).toEqual({ 'email.from': 'hello@acme.test' });
    expect(await as('globex', () => config.getAll())).toEqual({});
  });
});

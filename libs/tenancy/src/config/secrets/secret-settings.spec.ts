import { createSecretKey, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { Configured } from '../../../../../test/support/tenant-config.js';
import { configured } from '../../../../../test/support/tenant-config.js';
import { TenancyOptionsError, TenantConfigInvalidError, TenantConfigUnusableError } from '../../tenancy.errors.js';
import type { TenantConfigEncryptionKey } from './encryption-keys.js';
import { isSealedSecret } from './sealed-secrets.js';
import { Secret } from './secret.js';

interface Settings {
  'smtp.user': string;
  'smtp.password': Secret;
  'sms.token': Secret;
}

const CANARY = 'canary-8c41f0';
const keys = { 'smtp.user': {}, 'smtp.password': { secret: true }, 'sms.token': { secret: true } };
const schema = z
  .strictObject({ 'smtp.user': z.string(), 'smtp.password': z.string().max(20), 'sms.token': z.string() })
  .partial();
const first = { id: '2025', key: randomBytes(32).toString('base64') };
const second = { id: '2026', key: randomBytes(32).toString('hex') };

function withKeys(given: readonly TenantConfigEncryptionKey[], other?: Configured<Settings>): Configured<Settings> {
  return configured<Settings>({ keys, schema, encryption: { keys: given } }, other && { store: other.store });
}

async function reasonOf(work: () => unknown): Promise<Error> {
  try {
    await work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('Nothing was refused.');
}

describe('a setting that is a secret', () => {
  it('is encrypted where it is stored, each time anew, and read as what it was', async () => {
    const { config, stored } = withKeys([first]);
    await config.update({ 'smtp.password': CANARY }, 'acme');
    const sealed = (await stored('acme'))['smtp.password'];
    await config.update({ 'smtp.password': new Secret(CANARY) }, 'acme');

    expect(isSealedSecret(sealed)).toBe(true);
    expect(JSON.stringify(await stored('acme'))).not.toContain(CANARY);
    expect((await stored('acme'))['smtp.password']).not.toBe(sealed);
    expect((await config.for('acme')).getOrThrow('smtp.password').reveal()).toBe(CANARY);
  });

  it('is kept as it is stored when another setting is changed', async () => {
    const { config, stored } = withKeys([first]);
    await config.update({ 'smtp.password': CANARY }, 'acme');
    const before = (await stored('acme'))['smtp.password'];
    await config.update({ 'smtp.user': 'acme' }, 'acme');

    expect(await stored('acme')).toEqual({ 'smtp.user': 'acme', 'smtp.password': before });
  });

  it('is not shown with the settings', async () => {
    const { config } = withKeys([first]);
    const all = await config.update({ 'smtp.password': CANARY, 'smtp.user': 'acme' }, 'acme');

    expect(JSON.stringify(all)).toBe('{"smtp.password":"[secret]","smtp.user":"acme"}');
    expect(inspect([all, config, await config.for('acme')], { depth: 20, showHidden: true })).not.toContain(CANARY);
  });

  it('may come from the environment or the defaults, as a secret too', async () => {
    const { config } = configured<Settings>({
      keys,
      schema,
      defaults: { 'sms.token': CANARY },
      encryption: { keys: [] },
    });

    expect(inspect((await config.for('acme')).getAll())).toBe("{ 'sms.token': [secret] }");
    expect((await config.for('acme')).get('sms.token')?.reveal()).toBe(CANARY);
  });

  it('is given as what it holds, or as a secret', () => {
    type Patch = Parameters<Configured<Settings>['config']['update']>[0];
    expectTypeOf<Patch['smtp.password']>().toEqualTypeOf<string | Secret | null | undefined>();
    expectTypeOf<Patch['smtp.user']>().toEqualTypeOf<string | null | undefined>();
  });
});

describe('what is stored as a secret and was not encrypted for its place', () => {
  const copies: ReadonlyArray<[string, (config: Record<string, unknown>) => unknown]> = [
    ['another tenant’s', (globex) => globex['smtp.password']],
    ['another setting’s', (_globex) => undefined],
    ['changed by one letter', (_globex) => undefined],
    ['plain text', () => CANARY],
    ['nothing that could be one', () => 7],
    ['cut off', () => 'sealed:v1:2025:abc'],
  ];

  it.each(copies)('is refused: %s', async (what, copy) => {
    const { config, stored, put } = withKeys([first]);
    await config.update({ 'smtp.password': CANARY, 'sms.token': CANARY }, 'acme');
    await config.update({ 'smtp.password': CANARY }, 'globex');
    const own = await stored('acme');
    const sealed = own['smtp.password'] as string;
    const changed = sealed.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'));
    const other = { 'another setting’s': own['sms.token'], 'changed by one letter': changed }[what];
    await put('acme', { ...own, 'smtp.password': other ?? copy(await stored('globex')) });

    const failure = await reasonOf(async () => (await config.for('acme')).get('smtp.user'));
    expect(failure).toBeInstanceOf(TenantConfigUnusableError);
    expect((failure as TenantConfigUnusableError).issues.map(({ key }) => key)).toEqual(['smtp.password']);
    expect(inspect(failure, { depth: 20, showHidden: true })).not.toContain(CANARY);
  });

  it('is refused in the place of a setting that is none', async () => {
    const { config, stored, put } = withKeys([first]);
    await config.update({ 'smtp.password': CANARY }, 'acme');
    await put('acme', { 'smtp.user': (await stored('acme'))['smtp.password'] });

    await expect(reasonOf(async () => (await config.for('acme')).get('smtp.user'))).resolves.toBeInstanceOf(
      TenantConfigUnusableError,
    );
  });

  it('is not accepted as a change', async () => {
    const { config, stored } = withKeys([first]);
    await config.update({ 'smtp.password': CANARY }, 'globex');
    const copied = (await stored('globex'))['smtp.password'] as string;

    for (const key of ['smtp.password', 'smtp.user'] as const) {
      await expect(config.update({ [key]: copied }, 'acme')).rejects.toThrow('this is not its place');
    }
  });
});

describe('a change of a secret that is refused', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['the schema refuses it', { 'smtp.password': `${CANARY}-${CANARY}` }, 'smtp.password: Is not valid.'],
    ['it is what a secret is shown as', { 'smtp.password': '[secret]' }, 'Leave the key out'],
    ['its setting is none', { 'smtp.user': new Secret(CANARY) }, 'Only a setting that is declared as a secret'],
    ['it is within another value', { 'smtp.user': { a: [new Secret(CANARY)] } }, 'Only a setting'],
  ])('says nothing of it: %s', async (_what, patch, message) => {
    const { config, stored } = withKeys([first]);
    const failure = await reasonOf(() => config.update(patch, 'acme'));

    expect(failure).toBeInstanceOf(TenantConfigInvalidError);
    expect(failure.message).toContain(message);
    expect(inspect(failure, { depth: 20, showHidden: true })).not.toContain(CANARY);
    expect(await stored('acme')).toEqual({});
  });

  it('says nothing of it where the schema quotes it for another setting', async () => {
    const quoting = schema.superRefine((settings, context) => {
      context.addIssue({
        code: 'custom',
        path: ['smtp.user'],
        message: `does not go with ${settings['smtp.password']}`,
      });
    });
    const { config } = configured({ keys, schema: quoting, encryption: { keys: [first] } });
    const failure = await reasonOf(() => config.update({ 'smtp.password': CANARY }, 'acme'));

    expect(failure.message).toContain('smtp.user: Is not valid.');
    expect(inspect(failure)).not.toContain(CANARY);
  });
});

describe('a new key', () => {
  it('encrypts, and what the one before it encrypted can be read', async () => {
    const before = withKeys([first]);
    await before.config.update({ 'smtp.password': CANARY }, 'acme');
    const { config, stored } = withKeys([second, first], before);

    expect((await config.for('acme')).get('smtp.password')?.reveal()).toBe(CANARY);
    await config.update({ 'sms.token': CANARY }, 'acme');
    expect(Object.values(await stored('acme')).map((sealed) => (sealed as string).split(':')[2])).toEqual([
      '2025',
      '2026',
    ]);
  });

  it('encrypts anew what is there, so that the old one can go', async () => {
    const before = withKeys([first]);
    await before.config.update({ 'smtp.password': CANARY, 'sms.token': 'token', 'smtp.user': 'acme' }, 'acme');
    before.store.save({ ...(await before.store.findById('acme'))!, status: 'suspended' });
    const { config } = withKeys([second, first], before);

    expect(await config.reencrypt('acme')).toEqual(['smtp.password', 'sms.token']);
    expect(await config.reencrypt('acme')).toEqual([]);
    expect(await config.reencrypt('globex')).toEqual([]);
    before.store.save({ ...(await before.store.findById('acme'))!, status: 'active' });
    const after = await withKeys([second], before).config.for('acme');
    expect([after.get('smtp.password')?.reveal(), after.get('sms.token')?.reveal()]).toEqual([CANARY, 'token']);
  });

  it('does not undo a change of the secret that is made at the same time', async () => {
    const before = withKeys([first]);
    await before.config.update({ 'smtp.password': 'old' }, 'acme');
    const { config } = withKeys([second, first], before);

    await Promise.all([config.reencrypt('acme'), before.config.update({ 'smtp.password': CANARY }, 'acme')]);

    expect((await config.for('acme')).get('smtp.password')?.reveal()).toBe(CANARY);
  });

  it('is missed where it is gone, with its name', async () => {
    const before = withKeys([first]);
    await before.config.update({ 'smtp.password': CANARY }, 'acme');

    for (const gone of [withKeys([second], before), withKeys([], before)]) {
      const failure = await reasonOf(async () => (await gone.config.for('acme')).get('smtp.password'));
      expect(failure.message).toContain('Was encrypted with the key 2025');
    }
    await expect(
      withKeys([], before).config.update({ 'sms.token': 'x', 'smtp.password': null }, 'acme'),
    ).rejects.toThrow('config.encryption has no key');
  });

  it('is another one though it has the same name', async () => {
    const before = withKeys([first]);
    await before.config.update({ 'smtp.password': CANARY }, 'acme');
    const other = withKeys([{ id: first.id, key: randomBytes(32) }], before);

    const failure = await reasonOf(async () => (await other.config.for('acme')).get('smtp.password'));
    expect(failure.message).toContain('Cannot be decrypted');
  });
});

describe('the keys', () => {
  it.each<[string, unknown]>([
    ['base64', randomBytes(32).toString('base64')],
    ['base64url', randomBytes(32).toString('base64url')],
    ['hex', randomBytes(32).toString('hex')],
    ['bytes', randomBytes(32)],
    ['a KeyObject', createSecretKey(randomBytes(32))],
  ])('may be %s', async (_what, key) => {
    const { config } = withKeys([{ id: 'k', key: key as string }]);
    await config.update({ 'smtp.password': CANARY }, 'acme');

    expect((await config.for('acme')).get('smtp.password')?.reveal()).toBe(CANARY);
  });

  it.each<[string, ReadonlyArray<{ id: unknown; key: unknown }> | undefined]>([
    ['none are given', undefined],
    ['one is too short', [{ id: 'k', key: `${CANARY}${'A'.repeat(8)}` }]],
    ['one is too long', [{ id: 'k', key: randomBytes(33) }]],
    ['one is no base64', [{ id: 'k', key: `${CANARY}!${'A'.repeat(30)}` }]],
    ['one is nothing', [{ id: 'k', key: undefined }]],
    ['one is a KeyObject of another length', [{ id: 'k', key: createSecretKey(randomBytes(16)) }]],
    ['two have one id', [first, { ...second, id: first.id }]],
    ['an id cannot stand in what is stored', [{ id: 'a:b', key: first.key }]],
    ['there is no id', [{ id: '', key: first.key }]],
  ])('are refused at start where %s, and not repeated', async (_what, given) => {
    const failure = await reasonOf(() => configured({ keys, schema, encryption: given && { keys: given as never } }));

    expect(failure).toBeInstanceOf(TenancyOptionsError);
    expect(inspect(failure)).not.toContain(CANARY);
  });
});

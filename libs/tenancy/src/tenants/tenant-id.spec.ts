import { describe, expect, it } from 'vitest';
import { InvalidTenantIdError } from '../tenancy.errors.js';
import { TenantIdValidator } from './tenant-id.js';

describe('a tenant id', () => {
  const ids = new TenantIdValidator();

  it.each(['a', '7', 'acme', 'acme-eu', 'acme_eu', 'a--b', 'a'.repeat(63)])('is %s', (id) => {
    expect(ids.parse(id)).toBe(id);
  });

  it.each([
    '',
    'Acme',
    'acme ',
    ' acme',
    'acme\n',
    '\nacme',
    'acme\0',
    'acme,globex',
    'acme/x',
    '../acme',
    '..',
    'acme.eu',
    '-acme',
    'acme-',
    '_acme',
    'acme_',
    'аcme',
    'acmé',
    'a%63me',
    'a'.repeat(64),
    undefined,
    null,
    7,
    ['acme'],
    { toString: () => 'acme' },
    { toString: 1 },
    Symbol('acme'),
  ])('is not %o', (value) => {
    expect(ids.isValid(value)).toBe(false);
    expect(() => ids.parse(value)).toThrow(InvalidTenantIdError);
  });

  it('is named in the error with its source, shortened', () => {
    expect(() => ids.parse('x'.repeat(500), 'header X-Tenant-ID')).toThrow(
      `"${'x'.repeat(76)}… (from header X-Tenant-ID) is not a tenant id. An id has 1 to 63 lower-case letters, digits, ` +
        '"-" or "_", and begins and ends with a letter or a digit.',
    );
  });
});

describe('an application’s own pattern', () => {
  it('is named in the error, and not the one that it replaces', () => {
    expect(() => new TenantIdValidator(/^[A-Z]{3}$/).parse('acme')).toThrow(
      '"acme" is not a tenant id. An id matches the option idPattern: /^[A-Z]{3}$/.',
    );
  });

  it('is matched by the whole id, whatever it says itself', () => {
    const ids = new TenantIdValidator(/acme|globex/);

    expect(['acme', 'globex'].map((id) => ids.isValid(id))).toEqual([true, true]);
    expect(['../acme', 'acmex', 'globex\n'].map((id) => ids.isValid(id))).toEqual([false, false, false]);
  });

  it('has no lines, whatever it says itself', () => {
    expect(new TenantIdValidator(/^[a-z]+$/m).isValid('acme\n; DROP')).toBe(false);
  });

  it.each([/^[a-z]+$/g, /^[a-z]+$/y, /^[a-z]+$/gy])('answers every time alike: %s', (pattern) => {
    const ids = new TenantIdValidator(pattern);

    expect([1, 2, 3].map(() => ids.isValid('acme'))).toEqual([true, true, true]);
  });

  it('keeps its other flags', () => {
    expect(new TenantIdValidator(/^[a-z]+$/i).isValid('ACME')).toBe(true);
  });

  it('takes no id of more than 255 characters', () => {
    const ids = new TenantIdValidator(/.*/);

    expect(ids.isValid('a'.repeat(255))).toBe(true);
    expect(ids.isValid('a'.repeat(256))).toBe(false);
  });
});

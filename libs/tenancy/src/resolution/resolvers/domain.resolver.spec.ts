import { describe, expect, it } from 'vitest';
import { InvalidTenantIdError } from '../../tenancy.errors.js';
import { hostOf } from '../tenant-request.js';
import { DomainTenantResolver } from './domain.resolver.js';

describe('a whole host name', () => {
  const asked: string[] = [];
  const directory = {
    hostOf,
    idOfDomain: async (domain: string) => {
      asked.push(domain);
      return domain === 'mail.acme.test' ? 'acme' : undefined;
    },
  };
  const resolve = (host?: string) =>
    new DomainTenantResolver().resolve({ headers: host === undefined ? {} : { host } }, directory);

  it.each(['mail.acme.test', 'MAIL.acme.test:443', 'mail.acme.test.'])('names its tenant: %s', async (host) => {
    expect(await resolve(host)).toBe('acme');
  });

  it('names none where it is nobody’s', async () => {
    expect(await resolve('globex.test')).toBeUndefined();
  });

  it.each([undefined, '127.0.0.1', '127.0.0.1:3000', '[::1]:3000'])(
    'is not asked for where it is none: %s',
    async (host) => {
      asked.length = 0;

      expect(await resolve(host)).toBeUndefined();
      expect(asked).toEqual([]);
    },
  );

  it.each(['', 'mail.acme.test, x', 'a@mail.acme.test', 'mail%2eacme.test', 'mаil.acme.test'])(
    'that is made to be misread is refused: "%s"',
    async (host) => {
      asked.length = 0;

      await expect(resolve(host)).rejects.toThrow(InvalidTenantIdError);
      expect(asked).toEqual([]);
    },
  );

  it.each(['localhost', 'example.com', 'API.example.com:443', 'a.b.example.com'])(
    'is not asked for where it is the application’s own: %s',
    async (host) => {
      asked.length = 0;
      const resolver = new DomainTenantResolver({ ignore: ['Example.com.', '*.Example.com:443'] });

      expect(await resolver.resolve({ headers: { host } }, directory)).toBeUndefined();
      expect(asked).toEqual([]);
    },
  );

  it('must be one where it is to be ignored', () => {
    expect(() => new DomainTenantResolver({ ignore: ['http://example.com'] })).toThrow('is not a host name');
  });
});

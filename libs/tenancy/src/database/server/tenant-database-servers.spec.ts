import { describe, expect, it } from 'vitest';
import type { TenancyModuleOptions } from '../../tenancy-options.interface.js';
import { TenancyOptionsError } from '../../tenancy.errors.js';
import type { TenantDatabaseOptions, TenantDatabaseServers } from '../tenant-database-options.js';
import { commonOptions, serverOptions } from './tenant-database-servers.js';

class Message {}

const main: TenantDatabaseOptions = { url: 'postgres://main/app', entities: [Message] };

describe('one database', () => {
  it('is the default one', () => {
    expect([...serverOptions(main)]).toEqual([['default', main]]);
    expect(commonOptions(main)).toBe(main);
  });

  it.each<[string, TenantDatabaseOptions]>([
    ['nothing at all', {}],
    ['TLS', { ssl: { host: 'proxy' } as object }],
    ['what pg takes', { extra: { host: '/var/run/postgresql' } }],
    ['a logger', { logger: { host: 'logs' } as never }],
  ])('may say %s', (_what, options) => {
    expect([...serverOptions(options).keys()]).toEqual(['default']);
  });
});

describe('several servers', () => {
  it('are named, and each is where it says', () => {
    const servers = serverOptions({ default: main, eu: { url: 'postgres://eu/app' }, 'us-1': { host: 'us' } });

    expect([...servers.keys()]).toEqual(['default', 'eu', 'us-1']);
    expect(servers.get('default')).toBe(main);
    expect(servers.get('eu')).toMatchObject({ url: 'postgres://eu/app' });
  });

  it('take from the default one what they do not say', () => {
    const shared = { ssl: true, poolSize: 7, sharedSchemas: ['extensions'], maxConnectionsPerTenant: 3 };
    const servers = serverOptions({
      default: { ...main, ...shared, extra: { statement_timeout: 5_000, idleTimeoutMillis: 1 } },
      eu: { url: 'postgres://eu/app', poolSize: 2, extra: { idleTimeoutMillis: 9 } },
    });

    expect(servers.get('eu')).toMatchObject({
      ...shared,
      poolSize: 2,
      extra: { statement_timeout: 5_000, idleTimeoutMillis: 9 },
    });
  });

  it('never take from it where it is and how to log in', () => {
    const login = { host: 'main', port: 1, username: 'app', password: 'secret', database: 'main' };
    const pgLogin = { connectionString: 'postgres://main/app', user: 'app', ...login };
    const eu = serverOptions({ default: { ...main, ...login, extra: pgLogin }, eu: { host: 'eu' } }).get('eu')!;

    expect(eu).toMatchObject({ host: 'eu', extra: { username: 'app' } });
    for (const option of ['url', 'port', 'username', 'password', 'database'] as const) {
      expect(eu[option]).toBeUndefined();
    }
    for (const option of ['connectionString', 'host', 'port', 'user', 'password', 'database']) {
      expect(eu.extra).not.toHaveProperty(option);
    }
  });

  it('may repeat what they have in common', () => {
    const common = { entities: [Message], logging: true };

    expect(serverOptions({ default: { url: 'a', ...common }, eu: { url: 'b', ...common } }).size).toBe(2);
  });

  it.each<[string, unknown, string]>([
    ['entities of its own', { default: main, eu: { url: 'b', entities: [] } }, 'database.eu.entities is common'],
    ['an unknown option', { default: main, eu: { url: 'b', uri: 'c' } }, 'database.eu.uri is common'],
    ['no address', { default: main, eu: { poolSize: 2 } }, 'database.eu does not say where it is'],
    ['an address beside', { default: main, url: 'b' }, 'database.url is no database server'],
    ['options beside', { default: main, extra: { max: 4 } }, 'database.extra.max is common'],
    ['a strange name', { default: main, 'e u': { url: 'b' } }, '"e u" is no name'],
    ['no default one', { eu: { url: 'b' }, us: { url: 'c' } }, 'database.default is missing'],
    ['a default one that is undefined', { default: undefined, eu: { url: 'b' } }, 'database.default is missing'],
    [
      'a limit that is none',
      { default: main, eu: { url: 'b', maxConnectionsPerTenant: 0 } },
      'database.eu.maxConnectionsPerTenant is 0',
    ],
    [
      'a wait that no timer has',
      { default: { ...main, maxConnectionWait: 2 ** 31 } },
      'database.maxConnectionWait is 2147483648',
    ],
  ])('are refused with %s', (_what, options, message) => {
    expect(() => serverOptions(options as TenantDatabaseServers)).toThrow(TenancyOptionsError);
    expect(() => serverOptions(options as TenantDatabaseServers)).toThrow(message);
  });
});

describe('the type of the option', () => {
  type Option = NonNullable<TenancyModuleOptions['database']>;
  const names = (option: Option): string[] => [...serverOptions(option).keys()];

  it('has two forms', () => {
    expect(names({ url: 'a', entities: [Message], strict: true })).toEqual(['default']);
    expect(names({ default: { url: 'a', entities: [Message], strict: true }, eu: { url: 'b', poolSize: 2 } })).toEqual([
      'default',
      'eu',
    ]);
  });

  it('has no form between them', () => {
    // @ts-expect-error -- what is common is said once
    expect(() => names({ default: main, eu: { url: 'b', entities: [] } })).toThrow(TenancyOptionsError);
    // @ts-expect-error -- there is always a default one
    expect(() => names({ eu: { url: 'b' } })).toThrow(TenancyOptionsError);
    // @ts-expect-error -- an address is a server's
    expect(() => names({ default: main, url: 'b' })).toThrow(TenancyOptionsError);
  });
});

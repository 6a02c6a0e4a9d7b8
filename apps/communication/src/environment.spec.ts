import { describe, expect, it } from 'vitest';
import { readEnvironment } from './environment.js';

const NEEDED = {
  DATABASE_URL: 'postgres://communication@localhost/communication',
  TENANT_MANAGEMENT_URL: 'http://localhost:3001',
  TENANT_MANAGEMENT_TOKEN: 'token',
  JWT_SECRET: 'a secret of more than 32 characters',
  SMTP_URL: 'smtp://127.0.0.1:1025',
  TWILIO_ACCOUNT_SID: 'AC0',
  TWILIO_AUTH_TOKEN: 'token',
};

describe('the environment', () => {
  it('has defaults for all that is not needed', () => {
    expect(readEnvironment({ ...NEEDED, QUEUE_DATABASE_URL: '', PATH: '/bin' })).toEqual({
      ...NEEDED,
      PORT: 3000,
      DATABASE_POOL_SIZE: 10,
      TENANT_BASE_DOMAIN: 'localhost',
      TENANT_CACHE_TTL_MS: 10_000,
      TENANT_WATCH: true,
      PLAN_REQUESTS_PER_MINUTE: { default: { limit: 600, ttl: 60_000 }, gold: { limit: 6_000, ttl: 60_000 } },
      ADDRESS_REQUESTS_PER_MINUTE: { limit: 600, ttl: 60_000 },
      JWT_ISSUER: 'communication',
      TWILIO_BASE_URL: 'https://api.twilio.com',
      MESSAGE_ATTEMPTS: 5,
      MESSAGE_BACKOFF_MS: 5_000,
      MESSAGE_HOLD_MS: 15_000,
      MESSAGE_CONCURRENCY: 20,
      MESSAGE_CONCURRENCY_PER_TENANT: 5,
      MESSAGE_SWEEP_MS: 60_000,
    });
  });

  it.each(['600', 'gold=6000', 'default=0', 'default=many'])('is refused with limits that are none: %s', (limits) => {
    expect(() => readEnvironment({ ...NEEDED, PLAN_REQUESTS_PER_MINUTE: limits })).toThrow(
      'PLAN_REQUESTS_PER_MINUTE: ',
    );
  });

  it.each(['10.1.0.0/16, 2001:db8::1', 'loopback', '127.0.0.1'])('knows its proxies: %s', (proxies) => {
    expect(readEnvironment({ ...NEEDED, TRUSTED_PROXIES: proxies }).TRUSTED_PROXIES).toEqual(proxies.split(', '));
  });

  it.each(['true', '10.1.0.0/33', 'balancer.example', '127.0.0.1,'])(
    'is refused with proxies that are none: %s',
    (list) => {
      expect(() => readEnvironment({ ...NEEDED, TRUSTED_PROXIES: list })).toThrow('TRUSTED_PROXIES: ');
    },
  );

  it('is refused with every variable that is not right, and never its value', () => {
    const read = () =>
      readEnvironment({
        ...NEEDED,
        DATABASE_URL: undefined,
        PORT: 'eighty',
        JWT_SECRET: 'short',
        SMTP_URL: 'http://a',
      });
    expect(read).toThrow(/PORT: .*\n.*DATABASE_URL is missing\n.*JWT_SECRET: .*\n.*SMTP_URL: /);
    expect(read).not.toThrow(/eighty|short$/m);
  });
});

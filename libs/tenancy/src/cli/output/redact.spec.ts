import { describe, expect, it } from 'vitest';
import { InMemoryTenantStore } from '../../tenants/in-memory-tenant-store.js';
import { Redaction } from './redact.js';

describe('what is printed', () => {
  it.each([
    ['postgres://app:s3cret@db.example:5432/app', 'postgres://***@db.example:5432/app'],
    ['at postgresql://app:p@ss@db/app, twice', 'at postgresql://***@db/app, twice'],
    ['redis://:s3cret@cache', 'redis://***@cache'],
    ['https://example.com/@acme', 'https://example.com/@acme'],
    ['mail to hello@acme.example', 'mail to hello@acme.example'],
  ])('has no password of an address in it: %s', (text, shown) => {
    expect(new Redaction().of(text)).toBe(shown);
  });

  it('has none of the passwords that the options hold, wherever they turn up', () => {
    const redaction = new Redaction();
    redaction.learn({
      store: new InMemoryTenantStore([]),
      database: {
        default: { url: 'postgres://app:p%40ss-one@db/app' },
        eu: { host: 'eu', username: 'app', password: 'pass-two', extra: { password: 'pass-three' } },
      },
    });

    expect(redaction.of('"p@ss-one" "p%40ss-one" "pass-two" "pass-three"')).toBe('"***" "***" "***" "***"');
  });
});

import { describe, expect, it } from 'vitest';
import { TenancyOptionsError } from '../tenancy.errors.js';
import { TrustedProxies } from './trusted-proxies.js';

describe('an address', () => {
  const proxies = new TrustedProxies(['10.1.0.0/16', '192.0.2.7', 'fd00:1::/32', '::1', 'fe80::/10']);

  it.each(['10.1.0.1', '10.1.255.255', '::ffff:10.1.0.1', '192.0.2.7', 'fd00:1:2::9', '::1', 'fe80::1%eth0'])(
    'is a proxy’s where it is one of theirs: %s',
    (address) => {
      expect(proxies.includes(address)).toBe(true);
    },
  );

  it.each([
    undefined,
    '',
    '10.2.0.1',
    '192.0.2.70',
    '::ffff:10.2.0.1',
    '::2',
    'fd00:2::1',
    'localhost',
    '10.1.0.1, 10.2.0.1',
    ' 10.1.0.1',
    '010.1.0.1',
  ])('is a stranger’s: %s', (address) => {
    expect(proxies.includes(address)).toBe(false);
  });

  it('is nobody’s where there are none', () => {
    expect(new TrustedProxies([]).includes('127.0.0.1')).toBe(false);
  });
});

describe('what is configured', () => {
  it.each(['', 'localhost', '10.0.0.0/33', '::/129', '10.0.0/8', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', '/8'])(
    'is an address or a range: "%s" is refused',
    (proxy) => {
      expect(() => new TrustedProxies([proxy])).toThrow(TenancyOptionsError);
    },
  );

  it.each([
    '0.0.0.0/0',
    '::/0',
    // Two of them are everybody too.
    '0.0.0.0/1',
    '128.0.0.0/1',
    '8000::/1',
    // All of IPv4, or half of it, within IPv6.
    '::ffff:0:0/96',
    '::ffff:0.0.0.0/97',
    '::ffff:10.0.0.0/40',
    '::/80',
    '::/8',
  ])('is not everybody: %s', (proxy) => {
    expect(() => new TrustedProxies([proxy])).toThrow('is everybody');
  });

  it.each(['10.0.0.0/8', '::ffff:10.0.0.0/104', 'fc00::/7', '::/96', '2001:db8::/32'])(
    'may be a network of one’s own: %s',
    (proxy) => {
      expect(() => new TrustedProxies([proxy])).not.toThrow();
    },
  );
});

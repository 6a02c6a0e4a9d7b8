import { describe, expect, it } from 'vitest';
import { TenancyOptionsError } from '../../tenancy.errors.js';
import { isPublicAddress, isWithin, rangesOf } from './public-address.js';

describe('an address', () => {
  it.each([
    ['unspecified', '0.0.0.0', '0.1.2.3', '::', '::0'],
    ['loopback', '127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1'],
    ['private', '10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', 'fc00::1', 'fdff::1'],
    ['link-local', '169.254.169.254', 'fe80::1', 'febf::1', 'fe80::1%eth0'],
    ['of a cloud for its own machines', '168.63.129.16', '100.100.100.200', '192.0.0.192', 'fd00:ec2::254'],
    ['between a provider and its customers', '100.64.0.1', '100.127.255.255'],
    ['multicast', '224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1'],
    ['broadcast or reserved', '255.255.255.255', '240.0.0.1', '4000::1', '5f00::1', 'e000::1'],
    ['a mapped IPv4 address', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:a00:1', '0:0:0:0:0:ffff:7f00:1'],
    ['a compatible IPv4 address', '::127.0.0.1', '::8.8.8.8', '::ffff:0:127.0.0.1'],
    ['NAT64', '64:ff9b::7f00:1', '64:ff9b::8.8.8.8', '64:ff9b:1::a00:1'],
    ['6to4 or Teredo', '2002:7f00:1::', '2002:808:808::1', '192.88.99.1', '2001::1', '2001:0:4136:e378::1'],
    [
      'of documentation or benchmarks',
      '192.0.2.1',
      '198.51.100.1',
      '203.0.113.1',
      '198.18.0.1',
      '2001:db8::1',
      '3fff::1',
    ],
    ['of a protocol', '192.0.0.1', '2001:10::1', '2001:20::1', '2001:2::1', '100::1'],
    ['none', '', 'localhost', '127.1', '0x7f.1', '2130706433', '1.2.3.4.5', '[::1]'],
  ])('is not public: %s', (_what, ...addresses) => {
    expect(addresses.filter(isPublicAddress)).toEqual([]);
  });

  it('is public where it is given out to somebody', () => {
    const edges = ['9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0'];
    const more = [
      '168.63.129.15',
      '168.63.129.17',
      '169.253.255.255',
      '172.15.255.255',
      '172.32.0.0',
      '192.167.255.255',
      '192.169.0.0',
      '223.255.255.255',
    ];
    const v6 = ['2001:200::1', '2606:4700::1111', '2a00:1450::1', '2003::1', '3ffe:ffff::1'];
    const all = [...edges, ...more, ...v6, '8.8.8.8', '1.1.1.1'];

    expect(all.filter((address) => !isPublicAddress(address))).toEqual([]);
  });
});

describe('a range', () => {
  it('may be a subnet or an address of either version', () => {
    const ranges = rangesOf(['10.1.0.0/16', '192.168.7.7', 'fd00:1::/32']);

    expect(['10.1.2.3', '192.168.7.7', 'fd00:1::5'].filter((address) => !isWithin(ranges, address))).toEqual([]);
    expect(
      ['10.2.0.1', '192.168.7.8', 'fd00:2::1', 'x', 'fd00:1::5%eth0'].filter((one) => isWithin(ranges, one)),
    ).toEqual([]);
  });

  it.each(['', '10.0.0.0/33', 'fd00::/129', '10.0.0/8', 'all', '10.0.0.0/-1', '10.0.0.0/8 ', 'fe80::1%eth0/64'])(
    'is refused at start where it is none: "%s"',
    (range) => {
      expect(() => rangesOf([range])).toThrow(TenancyOptionsError);
    },
  );
});

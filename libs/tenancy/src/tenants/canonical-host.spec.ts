import { describe, expect, it } from 'vitest';
import { canonicalHost } from './canonical-host.js';

describe('a host name', () => {
  it.each([
    ['acme.example.com', 'acme.example.com'],
    ['ACME.Example.COM', 'acme.example.com'],
    ['acme.example.com:8080', 'acme.example.com'],
    ['acme.example.com.', 'acme.example.com'],
    ['acme.example.com.:443', 'acme.example.com'],
    ['localhost', 'localhost'],
    ['localhost:3000', 'localhost'],
    ['a-b.xn--bcher-kva.example', 'a-b.xn--bcher-kva.example'],
    ['1and1.com', '1and1.com'],
    [`${'a'.repeat(63)}.com`, `${'a'.repeat(63)}.com`],
  ])('has one form: %s', (sent, canonical) => {
    expect(canonicalHost(sent)).toBe(canonical);
  });
});

describe('what is no plain host name', () => {
  it.each([
    ['nothing', undefined],
    ['nothing at all', ''],
    ['a dot', '.'],
    ['an empty label', 'acme..example.com'],
    ['two dots at the end', 'acme.example.com..'],
    ['a dot at the beginning', '.example.com'],
    ['a list', 'acme.example.com, globex.example.com'],
    ['credentials', 'acme.example.com@evil.example'],
    ['a path', 'acme.example.com/globex'],
    ['a backslash', 'acme.example.com\\evil'],
    ['an escape', 'acme%2eexample.com'],
    ['a space', 'acme.example.com evil'],
    ['a line break', 'acme.example.com\n'],
    ['a null byte', 'acme.example.com\0'],
    ['an underscore', 'ac_me.example.com'],
    ['a hyphen at the end of a label', 'acme-.example.com'],
    ['another script', 'аcme.example.com'],
    ['a letter whose lower case is ASCII', '\u212Ayoto.example.com'],
    ['a full stop of another script', 'acme。example.com'],
    ['a port that is no number', 'acme.example.com:http'],
    ['two ports', 'acme.example.com:80:80'],
    ['a label of 64 characters', `${'a'.repeat(64)}.com`],
    ['254 characters', `${'a.'.repeat(126)}aa`],
    ['an IPv4 address', '127.0.0.1:3000'],
    ['a short IPv4 address', '127.1'],
    ['a hexadecimal IPv4 address', '0x7F.0X1'],
    ['an IPv6 address', '[::1]:3000'],
  ])('has none: %s', (_what, sent) => {
    expect(canonicalHost(sent)).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { InvalidTenantIdError } from '../tenancy.errors.js';
import { headerOf, hostOf, pathOf, queryOf } from './tenant-request.js';

describe('the target of a request', () => {
  it.each([
    ['/a/b', '/a/b', ''],
    ['/a?b=c', '/a', 'b=c'],
    ['/?b', '/', 'b='],
    ['?b=c', '/', 'b=c'],
    ['http://acme.example.com/a?b=c', '/a', 'b=c'],
    ['HTTPS://acme.example.com?b=c', '/', 'b=c'],
    ['http://acme.example.com', '/', ''],
    ['//acme.example.com/a', '//acme.example.com/a', ''],
    ['/http://acme.example.com/a', '/http://acme.example.com/a', ''],
    ['*', '*', ''],
  ])('is its path and its query: %s', (url, path, query) => {
    expect(pathOf({ url, headers: {} })).toBe(path);
    expect(queryOf({ url, headers: {} }).toString()).toBe(query);
  });

  it('is what was sent, not what a framework made of it', () => {
    expect(pathOf({ url: '/b', originalUrl: '/a/b', headers: {} })).toBe('/a/b');
  });

  it('is the root where there is none', () => {
    expect(pathOf({ headers: {} })).toBe('/');
  });
});

describe('the host of a request', () => {
  const at = (host: string | undefined, url = '/', more: Record<string, string> = {}) =>
    hostOf({ url, headers: { ...(host === undefined ? {} : { host }), ...more } });

  it('is the one of its header', () => {
    expect(at('acme.example.com:3000')).toBe('acme.example.com:3000');
    expect(at(undefined)).toBeUndefined();
  });

  it('is the authority of HTTP/2', () => {
    expect(at(undefined, '/', { ':authority': 'acme.example.com' })).toBe('acme.example.com');
  });

  it.each([
    'http://acme.example.com/who',
    'HTTP://ACME.example.com:80?x',
    'http:///who',
    '/http://globex.example.com/',
    '//globex.example.com/',
  ])('may be in the request line too: %s', (url) => {
    expect(at('acme.example.com', url)).toBe('acme.example.com');
  });

  it.each(['http://globex.example.com/who', 'http://acme.example.com@globex.example.com', 'x://127.0.0.1'])(
    'is refused where the request line names another one: %s',
    (url) => {
      expect(() => at('acme.example.com', url)).toThrow(InvalidTenantIdError);
    },
  );

  it('is refused where HTTP/2 names two', () => {
    expect(() => at('acme.example.com', '/', { ':authority': 'globex.example.com' })).toThrow(InvalidTenantIdError);
    expect(() => at('127.0.0.1', '/', { ':authority': '127.0.0.2' })).toThrow(InvalidTenantIdError);
  });
});

describe('a header', () => {
  it('is found whatever its case', () => {
    expect(headerOf({ headers: { 'x-a': '1' }, rawHeaders: ['X-A', '1'] }, 'x-A')).toBe('1');
  });

  it('is nothing where it was not sent', () => {
    expect(headerOf({ headers: {} }, 'X-A')).toBeUndefined();
  });

  it.each([
    ['as Node keeps them', { headers: { 'x-a': '1' }, rawHeaders: ['X-A', '1', 'x-a', '1'] }],
    ['as Fastify keeps them', { headers: { 'x-a': '1' }, raw: { rawHeaders: ['X-A', '1', 'x-a', '2'] } }],
    ['as a list', { headers: { 'x-a': ['1', '2'] } }],
  ])('that was sent twice is refused: %s', (_how, request) => {
    expect(() => headerOf(request, 'X-A')).toThrow(InvalidTenantIdError);
  });

  it('whose value is the name of another is no duplicate', () => {
    expect(headerOf({ headers: { 'x-a': '1' }, rawHeaders: ['X-A', '1', 'X-B', 'x-a'] }, 'X-A')).toBe('1');
  });
});

import { describe, expect, it } from 'vitest';
import { TenancyOptionsError } from '../tenancy.errors.js';
import { frozenJson } from './frozen-json.js';

describe('a frozen copy', () => {
  it('is equal, and another', () => {
    const value = { a: [1, 'b', true, null, { c: [] }] };

    expect(frozenJson(value, 'it')).toEqual(value);
    expect(frozenJson(value, 'it')).not.toBe(value);
    expect(Object.isFrozen(value.a)).toBe(false);
  });

  it('is frozen at any depth', () => {
    const copy = frozenJson({ a: [{ b: 1 }] }, 'it') as { a: Array<{ b: number }> };

    expect(() => (copy.a[0].b = 2)).toThrow(TypeError);
    expect(() => copy.a.push({ b: 3 })).toThrow(TypeError);
    expect(() => Object.assign(copy, { c: 1 })).toThrow(TypeError);
  });

  it('has no undefined values, as JSON has none', () => {
    expect(Object.keys(frozenJson({ a: undefined, b: 1 }, 'it') as object)).toEqual(['b']);
  });

  it('never changes what objects are', () => {
    const copy = frozenJson(JSON.parse('{"__proto__":{"admin":true}}'), 'it') as { admin?: boolean };

    expect(copy.admin).toBeUndefined();
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  });
});

describe('what JSON cannot hold', () => {
  const circular: Record<string, unknown> = {};
  circular.self = { circular };

  it.each([
    ['a Date', { at: new Date() }, 'it.at: a Date is no value that JSON can hold.'],
    ['a Map', { at: new Map() }, 'it.at: a Map is no value that JSON can hold.'],
    ['a function', { at: () => 1 }, 'it.at: function is no value that JSON can hold.'],
    ['a bigint', [1n], 'it: bigint is no value that JSON can hold.'],
    ['itself', circular, 'deeper than 100 levels, or within itself.'],
  ])('is refused: %s', (_what, value, message) => {
    expect(() => frozenJson(value, 'it')).toThrow(TenancyOptionsError);
    expect(() => frozenJson(value, 'it')).toThrow(message);
  });
});

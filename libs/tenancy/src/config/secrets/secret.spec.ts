import { format, inspect } from 'node:util';
import { serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { Secret } from './secret.js';

const secret = new Secret('canary');
// As it ends up in a template by mistake.
const asText = secret as unknown as string;

describe('a secret', () => {
  it('is what it holds to who opens it', () => {
    expect(secret.reveal()).toBe('canary');
  });

  it.each<[string, () => string]>([
    ['a string', () => String(secret)],
    ['a template', () => `a ${asText}`],
    ['a sum', () => ['', asText].join('')],
    ['JSON', () => JSON.stringify({ password: secret, list: [secret] })],
    ['inspect()', () => inspect({ password: secret, list: [secret] }, { showHidden: true, depth: 10, getters: true })],
    ['format()', () => format('%s %o %O %j', secret, secret, secret, secret)],
    ['an error', () => inspect(new Error(`no ${asText}`, { cause: secret }))],
    ['its keys', () => JSON.stringify([Object.entries(secret), Object.getOwnPropertyNames(secret), { ...secret }])],
    ['a copy', () => inspect(structuredClone(secret), { showHidden: true })],
    ['serialize()', () => serialize(secret).toString('latin1')],
    ['a search parameter', () => String(new URLSearchParams({ password: asText }))],
  ])('shows nothing of itself in %s', (_what, shown) => {
    expect(shown()).not.toContain('canary');
  });

  it('cannot be made to show it', () => {
    expect(() => Object.assign(secret, { toJSON: () => 'x' })).toThrow(TypeError);
  });
});

import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TOKEN, useRegistry } from '../testing/running-registry.js';

const registry = useRegistry({ SERVICE_TOKEN: `${TOKEN},another-token-of-ours` });

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a route of the registry', () => {
  it.each([
    ['GET', '/tenants'],
    ['POST', '/tenants'],
    ['GET', '/tenants/acme'],
    ['PATCH', '/tenants/acme'],
    ['DELETE', '/tenants/acme?confirm=acme&erase=true'],
    ['GET', '/tenants/acme/config'],
    ['PATCH', '/tenants/acme/config'],
    ['GET', '/domains/acme.com'],
    ['POST', '/tenants/acme/suspend'],
    ['POST', '/tenants/acme/place'],
    ['GET', '/tenants/acme/audit'],
    ['GET', '/audit'],
    ['GET', '/drops'],
    ['GET', '/changes'],
    ['GET', '/TENANTS'],
    ['GET', '/tenants/'],
    ['HEAD', '/tenants'],
  ])('is closed without a token: %s %s', async (method, path) => {
    const answer = await fetch(registry.url + path, { method });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    if (method !== 'HEAD') expect(await answer.json()).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it.each([
    '',
    'Bearer',
    'Bearer ',
    `Basic ${TOKEN}`,
    TOKEN,
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN} x`,
    'Bearer undefined',
  ])('is closed with the header %j', async (authorization) => {
    const answer = await registry.call('GET', '/tenants', undefined, { authorization });
    expect(answer).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
  });

  it('is open with any of the tokens', async () => {
    for (const token of [TOKEN, 'another-token-of-ours']) {
      const answer = await registry.call('GET', '/tenants', undefined, { authorization: `bearer ${token}` });
      expect(answer.status).toBe(200);
    }
  });

  it('needs no tenant and takes none from a header', async () => {
    const answer = await registry.call('GET', '/tenants', undefined, { 'x-tenant-id': 'not/valid' });
    expect(answer.status).toBe(200);
  });

  it('does not say what it is made with', async () => {
    expect((await registry.call('GET', '/tenants')).headers.has('x-powered-by')).toBe(false);
  });
});

describe('the log', () => {
  it('has a line for each change: who, what and which tenant, without tokens and values', async () => {
    const lines: string[] = [];
    const sealed = (value: string) => `sealed:v1:k1:${value.padEnd(40, 'A')}`;
    vi.spyOn(Logger.prototype, 'log').mockImplementation((line: unknown) => lines.push(String(line)));
    await registry.call('POST', '/tenants', { id: 'acme', config: { 'smtp.password': sealed('hunter2') } });
    await registry.call('PATCH', '/tenants/acme', { name: 'Acme', status: 'suspended' });
    await registry.call('PATCH', '/tenants/acme/config', { 'smtp.password': sealed('hunter3') });
    await registry.call('DELETE', '/tenants/acme?confirm=acme&erase=true');
    await registry.call('DELETE', '/tenants/acme?confirm=acme&erase=true');
    expect(lines).toEqual([
      expect.stringMatching(/^token [0-9a-f]{8} created tenant acme with schema t_acme$/),
      expect.stringMatching(/^token [0-9a-f]{8} changed name, status of tenant acme \(suspended\)$/),
      expect.stringMatching(/^token [0-9a-f]{8} changed the settings smtp\.password of tenant acme$/),
      expect.stringMatching(/^token [0-9a-f]{8} deleted tenant acme and its schema$/),
    ]);
    expect(lines.join()).not.toContain(TOKEN);
    expect(lines.join()).not.toContain('hunter');
  });
});

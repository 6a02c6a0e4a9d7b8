import { describe, expect, it } from 'vitest';
import { tenantSchemas, useRegistry } from '../testing/running-registry.js';

const registry = useRegistry();

async function tablesOf(schema: string): Promise<string[]> {
  const rows = await registry.database.query<{ tablename: string }>(
    'SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY tablename',
    [schema],
  );
  return rows.map(({ tablename }) => tablename);
}

describe('creating a tenant', () => {
  it('answers the active tenant and where to find it', async () => {
    const answer = await registry.call('POST', '/tenants', {
      id: 'acme',
      name: 'Acme Corporation',
      domains: ['App.Acme.com', 'app.acme.com', 'acme.example'],
      plan: 'pro',
      config: { 'email.from': 'hello@acme.com', 'email.replyTo': null },
      metadata: { crm: { account: 42 } },
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe('/tenants/acme');
    expect(answer.body).toEqual({
      id: 'acme',
      name: 'Acme Corporation',
      schema: 't_acme',
      status: 'active',
      domains: ['app.acme.com', 'acme.example'],
      plan: 'pro',
      config: { 'email.from': 'hello@acme.com' },
      metadata: { crm: { account: 42 } },
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
    expect((await registry.call('GET', '/tenants/acme')).body).toEqual(answer.body);
  });

  it('needs no more than an id', async () => {
    const { body } = await registry.call('POST', '/tenants', { id: 'globex' });
    expect(body).toMatchObject({ name: 'globex', plan: 'default', domains: [], config: {}, metadata: {} });
  });

  it('makes the tables of the communication service in a schema of its own', async () => {
    const { body } = await registry.call('POST', '/tenants', { id: 'tables' });
    expect(await tablesOf(body.schema)).toEqual(['message_attempts', 'messages', 'migrations', 'templates']);
  });

  it('gives every id another schema, whatever it folds to', async () => {
    const ids = ['acme-eu', 'acme_eu', `a${'-'.repeat(61)}b`, `a${'-'.repeat(61)}c`];
    const answers = await Promise.all(ids.map((id) => registry.call('POST', '/tenants', { id })));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(new Set(answers.map(({ body }) => body.schema)).size).toBe(4);
  });

  it('refuses an id that is there', async () => {
    await registry.call('POST', '/tenants', { id: 'twice', name: 'The first' });
    const answer = await registry.call('POST', '/tenants', { id: 'twice', name: 'The second' });
    expect(answer).toMatchObject({ status: 409, body: { code: 'TENANT_EXISTS' } });
    expect((await registry.call('GET', '/tenants/twice')).body.name).toBe('The first');
  });

  it.each(['Acme', '-acme', 'acme-', 'a b', 'a/b', '../public', '', 'ä', 'a'.repeat(64), 't_acme";DROP TABLE x;--'])(
    'refuses the id %j',
    async (id) => {
      const answer = await registry.call('POST', '/tenants', { id });
      expect(answer).toMatchObject({ status: 400, body: { code: 'TENANT_ID_INVALID' } });
    },
  );
});

describe('a body that is not valid', () => {
  it.each([
    ['no id', {}, 'id'],
    ['an id that is no string', { id: 7 }, 'id'],
    ['a field that is unknown', { id: 'x', isAdmin: true }, 'isAdmin'],
    ['a status', { id: 'x', status: 'active' }, 'status'],
    ['a schema', { id: 'x', schema: 'public' }, 'schema'],
    ['an empty name', { id: 'x', name: '  ' }, 'name'],
    ['a name with a line break', { id: 'x', name: 'a\r\nBcc: b' }, 'name'],
    ['a domain with a scheme', { id: 'x', domains: ['https://acme.com'] }, 'domains.0'],
    ['a domain with a port', { id: 'x', domains: ['acme.com:80'] }, 'domains.0'],
    ['a domain with a letter whose lower case is ASCII', { id: 'x', domains: ['\u212Ayoto.com'] }, 'domains.0'],
    ['an address for a domain', { id: 'x', domains: ['127.0.0.1'] }, 'domains.0'],
    ['a domain with an empty label', { id: 'x', domains: ['acme..com'] }, 'domains.0'],
    ['domains that are no list', { id: 'x', domains: 'acme.com' }, 'domains'],
    ['settings that are no object', { id: 'x', config: [] }, 'config'],
    ['a setting with no key of ours', { id: 'x', config: { 'email from': 1 } }, 'config.email from'],
    ['settings that are too large', { id: 'x', config: { a: 'x'.repeat(17_000) } }, 'config'],
    ['settings that are too deep', { id: 'x', config: { a: { b: { c: { d: { e: {} } } } } } }, 'config'],
    ['metadata that are too large', { id: 'x', metadata: { a: 'x'.repeat(17_000) } }, 'metadata'],
    ['a NUL in a value', { id: 'x', metadata: { a: ['b\u0000'] } }, 'metadata.a.0'],
    ['half a character', { id: 'x', metadata: { a: '\ud800' } }, 'metadata.a'],
  ])('is refused by the field: %s', async (_what, body, key) => {
    const answer = await registry.call('POST', '/tenants', body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect(answer.body.errors.map((error: { key: string }) => error.key)).toContain(key);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  it.each(['__proto__', 'constructor', 'prototype'])('is refused for the key %s, at any depth', async (key) => {
    for (const config of [`{"${key}":{"a":1}}`, `{"a":[{"b":{"${key}":1}}]}`]) {
      const answer = await registry.call('POST', '/tenants', `{"id":"x","config":${config}}`);
      expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
      expect(answer.body.errors[0]).toEqual({ key: expect.stringContaining(key), message: 'This key is reserved.' });
    }
  });

  it('is refused where it is not JSON', async () => {
    const answer = await registry.call('POST', '/tenants', '{"id":"x"');
    expect(answer).toMatchObject({ status: 400, body: { code: 'BODY_NOT_JSON' } });
  });

  it('is refused where there is none, or one of another kind', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await registry.call('POST', '/tenants')).toMatchObject({ status: 400, body: { code: 'BODY_NOT_JSON' } });
    expect(await registry.call('POST', '/tenants', 'id=x', form)).toMatchObject({
      status: 400,
      body: { code: 'BODY_NOT_JSON' },
    });
  });

  it('is refused where it is larger than 64 KiB, be it 10 MB', async () => {
    for (const bytes of [66_000, 10_000_000]) {
      const answer = await registry.call('POST', '/tenants', { id: 'x', name: 'x'.repeat(bytes) });
      expect(answer).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } });
    }
  });

  it('is refused where it is nested ten thousand times', async () => {
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const answer = await registry.call('POST', '/tenants', `{"id":"x","metadata":{"a":${deep}}}`);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
  });

  it('stores nothing', async () => {
    expect((await registry.call('GET', '/tenants/x')).status).toBe(404);
    expect(await tenantSchemas(registry.database)).not.toContain('t_x');
  });
});

describe('creations at once', () => {
  it('of one id make one tenant', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => registry.call('POST', '/tenants', { id: 'rushed', name: `Number ${i}` })),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(made).toHaveLength(1);
    for (const { status, body } of answers) if (status !== 201) expect(body.code).toBe('TENANT_EXISTS');
    expect((await registry.call('GET', '/tenants/rushed')).body).toEqual(made[0].body);
  });

  it('of ten ids make ten tenants', async () => {
    const ids = Array.from({ length: 10 }, (_, i) => `crowd-${i}`);
    const answers = await Promise.all(ids.map((id) => registry.call('POST', '/tenants', { id })));
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 201));
    for (const { body } of answers) expect(await tablesOf(body.schema)).toContain('messages');
  });
});

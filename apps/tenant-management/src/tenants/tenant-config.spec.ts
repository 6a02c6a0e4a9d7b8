import { beforeEach, describe, expect, it } from 'vitest';
import { statusesOf, useRegistry } from '../testing/running-registry.js';

const registry = useRegistry();

beforeEach(async () => {
  await registry.call('DELETE', '/tenants/acme?confirm=acme&erase=true');
  await registry.call('POST', '/tenants', {
    id: 'acme',
    config: { 'email.from': 'a@acme.com', 'sms.senderId': 'Acme' },
  });
});

describe('the settings of a tenant', () => {
  it('are answered as they are', async () => {
    const answer = await registry.call('GET', '/tenants/acme/config');
    expect(answer).toMatchObject({ status: 200, body: { 'email.from': 'a@acme.com', 'sms.senderId': 'Acme' } });
  });

  it('are merged with a change, and null removes a key', async () => {
    const change = { 'email.from': 'b@acme.com', 'sms.senderId': null, 'limits.perDay': 100, unknown: null };
    const merged = { 'email.from': 'b@acme.com', 'limits.perDay': 100 };
    expect(await registry.call('PATCH', '/tenants/acme/config', change)).toMatchObject({ status: 200 });
    expect((await registry.call('GET', '/tenants/acme/config')).body).toEqual(merged);
    expect((await registry.call('GET', '/tenants/acme')).body.config).toEqual(merged);
  });

  it('are answered merged', async () => {
    const { body } = await registry.call('PATCH', '/tenants/acme/config', { 'limits.perDay': 5 });
    expect(body).toEqual({ 'email.from': 'a@acme.com', 'sms.senderId': 'Acme', 'limits.perDay': 5 });
  });

  it('lose none of twenty changes at once', async () => {
    const keys = Array.from({ length: 20 }, (_, i) => `key.${i}`);
    await Promise.all(keys.map((key) => registry.call('PATCH', '/tenants/acme/config', { [key]: 1 })));
    const { body } = await registry.call('GET', '/tenants/acme/config');
    expect(Object.keys(body)).toEqual(expect.arrayContaining(keys));
  });

  it('are refused where a change alone, or all that it adds up to, is too large', async () => {
    expect(await registry.call('PATCH', '/tenants/acme/config', { a: 'x'.repeat(17_000) })).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED' },
    });
    expect((await registry.call('PATCH', '/tenants/acme/config', { a: 'x'.repeat(10_000) })).status).toBe(200);
    const answer = await registry.call('PATCH', '/tenants/acme/config', { b: 'x'.repeat(10_000) });
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect((await registry.call('GET', '/tenants/acme/config')).body).not.toHaveProperty('b');
  });

  it.each(['{"__proto__":{"polluted":1}}', '{"a":{"constructor":{"prototype":{"polluted":1}}}}', '{"prototype":1}'])(
    'are refused with a reserved key: %s',
    async (change) => {
      const answer = await registry.call('PATCH', '/tenants/acme/config', change);
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ message: 'This key is reserved.' }] } });
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    },
  );

  it.each([
    ['{"limits.perDay":1e999}', 'limits.perDay'],
    ['{"limits":{"perDay":[1,-1e999]}}', 'limits.perDay.1'],
  ])('are refused with a number that there is not: %s', async (change, key) => {
    const answer = await registry.call('PATCH', '/tenants/acme/config', change);
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_FAILED', errors: [{ key, message: 'A number that is too large.' }] },
    });
    expect((await registry.call('GET', '/tenants/acme/config')).body).not.toHaveProperty(['limits.perDay']);
  });

  it.each([[[]], ['text'], [{ 'a b': 1 }], [{ '.a': 1 }], [{ '': 1 }], [{ a: { b: { c: { d: { e: {} } } } } }]])(
    'are refused where they are none: %j',
    async (change) => {
      const answer = await registry.call('PATCH', '/tenants/acme/config', JSON.stringify(change));
      expect(answer.status).toBe(400);
      expect((await registry.call('GET', '/tenants/acme/config')).body).toHaveProperty(['email.from'], 'a@acme.com');
    },
  );

  it('are refused with a secret that is not encrypted, which is neither stored nor repeated', async () => {
    for (const secret of ['canary', '[secret]', 7, { a: 'canary' }, 'sealed:v1:k:short']) {
      const changed = await registry.call('PATCH', '/tenants/acme/config', { 'smtp.password': secret });
      const created = await registry.call('POST', '/tenants', { id: 'globex', config: { 'smtp.password': secret } });
      for (const { status, body } of [changed, created]) {
        expect([status, JSON.stringify(body)]).toEqual([400, expect.stringMatching(/^(?!.*canary).*A secret/)]);
      }
    }
    const sealed = `sealed:v1:k:${'A'.repeat(40)}`;
    expect(await registry.call('PATCH', '/tenants/acme/config', { 'smtp.password': sealed })).toMatchObject({
      status: 200,
    });
    expect(await registry.call('PATCH', '/tenants/acme/config', { 'smtp.password': null })).toMatchObject({
      status: 200,
    });
  });

  it('of an unknown tenant are a 404', async () => {
    for (const [method, body] of [['GET'], ['PATCH', { a: 1 }]] as const) {
      expect(await registry.call(method, '/tenants/nobody/config', body)).toMatchObject({
        status: 404,
        body: { code: 'TENANT_NOT_FOUND' },
      });
    }
  });
});

describe('a change for one version of the settings', () => {
  const change = (body: unknown, ifMatch: string) =>
    registry.call('PATCH', '/tenants/acme/config', body, { 'if-match': ifMatch });
  const etag = async () => (await registry.call('GET', '/tenants/acme/config')).headers.get('etag')!;

  it('is made where they have it, and answers with the next one', async () => {
    const before = await etag();
    const answer = await change({ 'limits.perDay': 5 }, before);

    expect(answer).toMatchObject({ status: 200, body: { 'limits.perDay': 5 } });
    expect(answer.headers.get('etag')).toBe(await etag());
    expect(await etag()).not.toBe(before);
  });

  it('is refused where they have another, and nothing is stored', async () => {
    const before = await etag();
    await registry.call('PATCH', '/tenants/acme/config', { 'limits.perDay': 5 });
    const answer = await change({ 'limits.perDay': 6 }, before);

    expect(answer).toMatchObject({ status: 409, body: { code: 'TENANT_CONFIG_CONFLICT' } });
    expect((await registry.call('GET', '/tenants/acme/config')).body).toMatchObject({ 'limits.perDay': 5 });
  });

  it('is made once, of ten at the same time', async () => {
    const before = await etag();
    const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => change({ [`key.${n}`]: n }, before)));

    expect(statusesOf(answers)).toEqual([200, ...Array.from({ length: 9 }, () => 409)]);
  });

  it('may be for any: *', async () => {
    expect(await change({ 'limits.perDay': 5 }, '*')).toMatchObject({ status: 200 });
  });

  it.each(['abc', '"a", "b"', '""x"', ''])('says which in the form of an ETag: %s', async (ifMatch) => {
    expect(await change({ 'limits.perDay': 5 }, ifMatch)).toMatchObject({
      status: 400,
      body: { code: 'IF_MATCH_INVALID' },
    });
  });
});

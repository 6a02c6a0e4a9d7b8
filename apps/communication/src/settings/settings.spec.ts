import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestService } from '../testing/test-service.js';

describe('the settings of a tenant', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({ EMAIL_FROM: 'Platform <hello@platform.example>' });
  });
  afterAll(() => service?.stop());

  const read = async (as: 'acme' | 'globex' = 'acme') => (await service.call('GET', '/config', { as })).body;

  it('are its own, over the defaults', async () => {
    expect(await read()).toEqual({
      'email.from': 'Acme <hello@acme.example>',
      'email.enabled': true,
      'sms.senderId': 'ACME',
      'sms.enabled': true,
    });
  });

  it('are changed, seen by the next read and used by the next message; null brings the default back', async () => {
    const patch = { 'email.from': '"Acme, Inc." <news@acme.example>', 'email.replyTo': 'help@acme.example' };
    const changed = await service.call('PATCH', '/config', { body: { ...patch, 'email.footer': 'Acme, Somewhere' } });
    expect(changed).toMatchObject({ status: 200, body: patch });
    expect(await read()).toEqual(changed.body);
    expect((await read('globex'))['email.from']).toBe('Globex <hello@globex.example>');

    const message = { channel: 'email', to: 'ada@example.com', subject: 'News', body: 'Hello' };
    const { body } = await service.call('POST', '/messages', { body: message });
    await service.settled(body.id);
    const { source } = service.mail.mails.at(-1)!;
    expect(source).toContain('From: "Acme, Inc." <news@acme.example>');
    expect(source).toContain('Reply-To: help@acme.example');
    expect(source).toContain('Hello\r\n\r\nAcme, Somewhere');

    await service.call('PATCH', '/config', { body: { 'email.from': null, 'email.footer': null } });
    expect(await read()).toMatchObject({ 'email.from': 'Platform <hello@platform.example>' });
    expect(await read()).not.toHaveProperty('email.footer');
  });

  it.each<[string, unknown]>([
    ['email.from', { 'email.from': 'nobody' }],
    ['email.from', { 'email.from': 'A <a@example.com>\r\nBcc: b@example.com' }],
    ['email.from', { 'email.from': 'A\r\nBcc: b@example.com <a@example.com>' }],
    ['email.from', { 'email.from': 'A <a@example.com>, B <b@example.com>' }],
    ['email.replyTo', { 'email.replyTo': 'a@example.com, b@example.com' }],
    ['sms.senderId', { 'sms.senderId': 'TwelveLetters' }],
    ['sms.senderId', { 'sms.senderId': '12345' }],
    ['email.enabled', { 'email.enabled': 'no' }],
    ['', { 'email.form': 'a@example.com' }],
    ['__proto__', '{"__proto__":{"email.from":"eve@example.com"}}'],
    ['constructor', { constructor: { 'email.from': 'eve@example.com' } }],
    ['more than settings are', { 'email.footer': 'x'.repeat(20_000) }],
  ])('are refused where they are not right, and nothing is stored: %s', async (_key, body) => {
    const before = await read();
    const answer = await service.call('PATCH', '/config', { body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'TENANT_CONFIG_INVALID', detail: expect.any(String) } });
    expect(await read()).toEqual(before);
  });

  it.each([undefined, '[]', '"a"', '3'])('are an object: %s', async (body) => {
    expect((await service.call('PATCH', '/config', { body })).status).toBe(400);
  });

  it('that are not there are named, but not by the thousand', async () => {
    const body = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`k${i}`, 1]));
    const answer = await service.call('PATCH', '/config', { body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'TENANT_CONFIG_INVALID' } });
    expect((answer.body.errors as Array<{ key: string }>).map(({ key }) => key)).toContain('k0');
    expect(JSON.stringify(answer.body).length).toBeLessThan(5_000);
  });

  it('may end a channel', async () => {
    await service.call('PATCH', '/config', { as: 'globex', body: { 'sms.enabled': false } });
    const body = { channel: 'sms', to: '+14155550123', body: 'Hello' };
    const answer = await service.call('POST', '/messages', { as: 'globex', body });
    expect(answer).toMatchObject({ status: 409, body: { code: 'CHANNEL_DISABLED' } });
  });

  it('must name a sender before a message is sent', async () => {
    await service.call('PATCH', '/config', { body: { 'sms.senderId': null } });
    const body = { channel: 'sms', to: '+14155550123', body: 'Hello' };
    const answer = await service.call('POST', '/messages', { body });
    expect(answer).toMatchObject({ status: 409, body: { code: 'SENDER_MISSING' } });
  });
});

describe('a change of settings that were read', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service?.stop());

  it('is refused where somebody else has changed them since', async () => {
    const { etag } = (await service.call('GET', '/config')).headers as { etag: string };
    const change = (footer: string, ifMatch: string) =>
      service.call('PATCH', '/config', { body: { 'email.footer': footer }, headers: { 'if-match': ifMatch } });

    const first = await change('first', etag);
    expect(first.status).toBe(200);
    expect(await change('second', etag)).toMatchObject({ status: 409, body: { code: 'TENANT_CONFIG_CONFLICT' } });
    expect(await change('third', first.headers.etag as string)).toMatchObject({ status: 200 });
    expect(await change('fourth', 'third')).toMatchObject({ status: 400, body: { code: 'IF_MATCH_INVALID' } });
  });

  it('keeps no secret where the service has no key', async () => {
    const body = { 'smtp.host': 'mail.acme.example', 'smtp.user': 'acme', 'smtp.password': 'canary' };
    const answer = await service.call('PATCH', '/config', { body });

    expect(answer).toMatchObject({ status: 400, body: { code: 'TENANT_CONFIG_INVALID' } });
    expect(JSON.stringify(answer)).not.toContain('canary');
    expect((await service.tenants.findById('acme'))!.config).not.toHaveProperty(['smtp.host']);
  });
});

describe('the login of a tenant’s own mail server', () => {
  const login = { 'smtp.host': 'mail.acme.example', 'smtp.user': 'acme', 'smtp.password': 'canary' };
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({ SETTINGS_KEYS: `k1:${'A'.repeat(43)}=` });
    await service.call('PATCH', '/config', { body: login });
  });
  afterAll(() => service?.stop());

  it('is set, and not shown', async () => {
    expect((await service.call('GET', '/config')).body).toMatchObject({ ...login, 'smtp.password': '[secret]' });
    expect(JSON.stringify((await service.tenants.findById('acme'))!.config)).not.toContain('canary');
  });

  it.each([{ 'smtp.host': 'evil.example' }, { 'smtp.port': 26 }, { 'smtp.security': 'tls' }, { 'smtp.user': 'eve' }])(
    'is not sent to another server: %j needs the password again',
    async (body) => {
      const answer = await service.call('PATCH', '/config', { body });
      expect(answer).toMatchObject({ status: 400, body: { code: 'PASSWORD_REQUIRED' } });
      const again = await service.call('PATCH', '/config', { body: { ...login, 'smtp.host': 'mail2.acme.example' } });
      expect(again.status).toBe(200);
      await service.call('PATCH', '/config', { body: login });
    },
  );

  it('stays with the server that it is for', async () => {
    const same = { 'smtp.host': 'mail.acme.example', 'smtp.port': null, 'email.footer': 'Acme' };
    expect(await service.call('PATCH', '/config', { body: same })).toMatchObject({ status: 200 });
  });

  it.each([
    [{ 'smtp.user': 'acme', 'smtp.password': null }],
    [{ 'smtp.host': null, 'smtp.password': 'x' }],
    [{ 'smtp.password': '[secret]' }],
    [{ 'smtp.user': 'a\r\nMAIL FROM:<x>', 'smtp.password': 'x' }],
    [{ 'smtp.host': 'mail.acme.example\r\nx', 'smtp.password': 'x' }],
    [{ 'smtp.host': 'http://mail.acme.example/', 'smtp.password': 'x' }],
  ])('is refused where it is not right: %j', async (body) => {
    expect(await service.call('PATCH', '/config', { body })).toMatchObject({
      status: 400,
      body: { code: 'TENANT_CONFIG_INVALID' },
    });
  });

  it('goes with its server', async () => {
    const body = { 'smtp.host': null, 'smtp.user': null, 'smtp.password': null };
    const answer = await service.call('PATCH', '/config', { body });
    expect(answer.status).toBe(200);
    expect(answer.body).not.toHaveProperty(['smtp.password']);
  });
});

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

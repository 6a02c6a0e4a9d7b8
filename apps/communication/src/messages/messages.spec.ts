import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestService } from '../testing/test-service.js';

const EMAIL = { channel: 'email', to: 'ada@example.com', subject: 'Hello', body: 'Hello Ada!' };
const SMS = { channel: 'sms', to: '+14155550123', body: 'Hello Ada!' };
const PROBLEM = { type: 'about:blank', title: expect.any(String), detail: expect.any(String) };

let service: TestService;
let database: pg.Client;

beforeAll(async () => {
  service = await TestService.start();
  database = new pg.Client({ connectionString: service.database.url });
  await database.connect();
  await service.call('POST', '/templates', {
    body: { id: 'welcome', channel: 'email', subject: 'Welcome, {{name}}', body: 'Hello {{ name }}, {{order.id}}' },
  });
});
afterAll(async () => {
  await database?.end();
  await service?.stop();
});

async function count(table = 't_acme.messages'): Promise<number> {
  const { rows } = await database.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`);
  return rows[0].count;
}

describe('a message', () => {
  it('is accepted, and arrives as an email from the sender of its tenant', async () => {
    const accepted = await service.call('POST', '/messages', { body: EMAIL });
    const { id } = accepted.body;
    expect(accepted).toMatchObject({ status: 202, body: { id, status: 'queued' } });
    expect(accepted.headers.location).toBe(`/messages/${String(id)}`);
    expect(accepted.headers['x-powered-by']).toBeUndefined();

    expect(await service.settled(id)).toMatchObject({
      ...EMAIL,
      id,
      status: 'sent',
      from: 'Acme <hello@acme.example>',
      attempts: [{ at: expect.any(String), outcome: 'sent', error: null }],
    });
    const mail = service.mail.mails.find(({ source }) => source.includes(id));
    expect(mail).toMatchObject({ to: 'ada@example.com' });
    expect(mail?.source).toContain('From: Acme <hello@acme.example>');
    expect(mail?.source).toContain(`Message-ID: <${String(id)}@localhost>`);
    expect(mail?.source).toContain('Hello Ada!');
  });

  it('arrives as a text message from the sender of its tenant', async () => {
    const acme = await service.call('POST', '/messages', { body: SMS });
    const globex = await service.call('POST', '/messages', { as: 'globex', body: SMS });
    await service.settled(acme.body.id);
    await service.settled(globex.body.id, { as: 'globex' });
    expect(service.sms.messages).toContainEqual({ to: SMS.to, from: 'ACME', body: SMS.body });
    expect(service.sms.messages).toContainEqual({ to: SMS.to, from: '+14155550199', body: SMS.body });
  });

  it('is nothing to another tenant', async () => {
    const { body } = await service.call('POST', '/messages', { body: { ...EMAIL, subject: 'For acme alone' } });
    const foreign = await service.call('GET', `/messages/${String(body.id)}`, { as: 'globex' });
    expect(foreign).toMatchObject({ status: 404, body: { ...PROBLEM, code: 'MESSAGE_NOT_FOUND' } });
    const list = await service.call('GET', '/messages', { as: 'globex' });
    expect(JSON.stringify(list.body)).not.toContain('For acme alone');
    expect(JSON.stringify((await service.call('GET', '/messages')).body)).toContain('For acme alone');
  });

  it('is made from a template', async () => {
    const variables = { name: 'Ada {{name}}', 'order.id': 7 };
    const { body } = await service.call('POST', '/messages', {
      body: { to: EMAIL.to, templateId: 'welcome', variables },
    });
    expect(await service.settled(body.id)).toMatchObject({
      templateId: 'welcome',
      subject: 'Welcome, Ada {{name}}',
      body: 'Hello Ada {{name}}, 7',
    });
  });

  it.each(['not-an-id', randomUUID(), '%00', '1;drop'])('that is not there is said to be so: %s', async (id) => {
    const answer = await service.call('GET', `/messages/${id}`);
    expect([400, 404]).toContain(answer.status);
    expect(answer.body).toMatchObject({
      ...PROBLEM,
      code: expect.stringMatching(/VALIDATION_FAILED|MESSAGE_NOT_FOUND/),
    });
  });
});

describe('the list of messages', () => {
  it('has the newest first, a page at a time, and each once', async () => {
    for (let i = 0; i < 5; i += 1) {
      await service.call('POST', '/messages', { as: 'globex', body: { ...EMAIL, subject: `Page ${i}` } });
    }
    const seen: string[] = [];
    let path = '/messages?limit=2';
    for (let next: string | undefined = path; next;) {
      const { body } = await service.call('GET', path, { as: 'globex' });
      const messages = body.messages as Array<{ id: string; subject: string }>;
      expect(messages.length).toBeLessThanOrEqual(2);
      seen.push(...messages.map(({ id }) => id));
      next = body.next as string | undefined;
      path = `/messages?limit=2&cursor=${next}`;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(await count('t_globex.messages'));
    const { body } = await service.call('GET', '/messages?limit=3', { as: 'globex' });
    const subjects = (body.messages as Array<{ subject: string }>).map(({ subject }) => subject);
    expect(subjects).toEqual(['Page 4', 'Page 3', 'Page 2']);
  });

  it('is made without reading their bodies', async () => {
    await database.query('ALTER TABLE t_globex.messages RENAME body TO body_away');
    const answer = await service.call('GET', '/messages?limit=1', { as: 'globex' });
    await database.query('ALTER TABLE t_globex.messages RENAME body_away TO body');
    expect(answer).toMatchObject({ status: 200, body: { messages: [{ subject: expect.any(String) }] } });
  });

  it.each(['limit=0', 'limit=101', 'limit=x', 'cursor=x', 'limit=1&limit=2'])('is bounded: ?%s', async (query) => {
    const answer = await service.call('GET', `/messages?${query}`);
    expect(answer).toMatchObject({ status: 400, body: { ...PROBLEM, code: 'VALIDATION_FAILED' } });
  });
});

describe('an Idempotency-Key', () => {
  it('makes one message of one request, however often it comes, even at once', async () => {
    const before = service.mail.mails.length;
    const send = () =>
      service.call('POST', '/messages', {
        headers: { 'Idempotency-Key': 'one' },
        body: { ...EMAIL, subject: 'Once' },
      });
    const answers = await Promise.all(Array.from({ length: 10 }, send));
    const again = await service.call('POST', '/messages', {
      headers: { 'Idempotency-Key': 'one' },
      body: Object.fromEntries(Object.entries({ ...EMAIL, subject: 'Once' }).toReversed()),
    });
    await service.settled(again.body.id);
    answers.push(await send());
    expect(new Set([...answers, again].map(({ status, body }) => `${status} ${String(body.id)}`)).size).toBe(1);
    expect(again.status).toBe(202);
    const found = await database.query("SELECT 1 FROM t_acme.messages WHERE subject = 'Once'");
    expect(found.rowCount).toBe(1);
    expect(service.mail.mails.slice(before).filter(({ source }) => source.includes('Once'))).toHaveLength(1);
  });

  it('is refused with another request', async () => {
    const headers = { 'Idempotency-Key': 'two' };
    await service.call('POST', '/messages', { headers, body: EMAIL });
    const before = await count();
    const other = await service.call('POST', '/messages', { headers, body: { ...EMAIL, to: 'eve@example.com' } });
    expect(other).toMatchObject({ status: 409, body: { ...PROBLEM, code: 'IDEMPOTENCY_KEY_REUSED' } });
    expect(await count()).toBe(before);
  });

  it('of two other requests at once belongs to one of them', async () => {
    const send = (to: string) =>
      service.call('POST', '/messages', { headers: { 'Idempotency-Key': 'three' }, body: { ...EMAIL, to } });
    const answers = await Promise.all(['a@example.com', 'b@example.com'].map(send));
    expect(answers.map(({ status }) => status)).toEqual(expect.arrayContaining([202, 409]));
  });

  it('is a tenant’s own', async () => {
    const headers = { 'Idempotency-Key': 'one' };
    const globex = await service.call('POST', '/messages', { as: 'globex', headers, body: EMAIL });
    expect(globex.status).toBe(202);
  });

  it.each(['', 'x'.repeat(256), 'key\u00e9'])('is 1 to 255 printable characters: %j', async (key) => {
    const before = await count();
    const answer = await service.call('POST', '/messages', { headers: { 'Idempotency-Key': key }, body: EMAIL });
    expect(answer).toMatchObject({ status: 400, body: { ...PROBLEM, code: 'VALIDATION_FAILED' } });
    expect(await count()).toBe(before);
  });
});

describe('a request that is not right', () => {
  let before: number;
  beforeEach(async () => {
    before = await count();
  });

  it.each<[name: string, body: unknown, key: string]>([
    ['an address that is none', { ...EMAIL, to: 'ada' }, 'to'],
    ['two addresses', { ...EMAIL, to: 'ada@example.com, eve@example.com' }, 'to'],
    ['an address with a line break', { ...EMAIL, to: 'ada@example.com\r\nBcc: eve@example.com' }, 'to'],
    ['a number that is none', { ...SMS, to: '+1415' }, 'to'],
    ['a number without its country', { ...SMS, to: '4155550123' }, 'to'],
    ['an address for a text message', { ...SMS, to: EMAIL.to }, 'to'],
    ['a channel that is none', { ...EMAIL, channel: 'fax' }, 'channel'],
    ['no channel', { ...EMAIL, channel: undefined }, 'channel'],
    ['no subject', { ...EMAIL, subject: undefined }, 'subject'],
    ['a subject of two lines', { ...EMAIL, subject: 'Hello\r\nBcc: eve@example.com' }, 'subject'],
    ['a subject with a line feed', { ...EMAIL, subject: 'Hello\nBcc: eve@example.com' }, 'subject'],
    ['a subject for a text message', { ...SMS, subject: 'Hello' }, 'subject'],
    ['no body', { ...EMAIL, body: undefined }, 'body'],
    ['a body that is too large', { ...EMAIL, body: 'ä'.repeat(50_001) }, 'body'],
    ['a body with a NUL', { ...EMAIL, body: 'a\0b' }, 'body'],
    ['a text message that is too long', { ...SMS, body: 'x'.repeat(1_601) }, 'body'],
    ['a field that is unknown', { ...EMAIL, from: 'eve@example.com' }, 'from'],
    ['a body and a template', { ...EMAIL, subject: undefined, templateId: 'welcome' }, 'body'],
    ['variables without a template', { ...EMAIL, variables: {} }, 'variables'],
    ['a template of another channel', { channel: 'sms', to: SMS.to, templateId: 'welcome' }, 'channel'],
    ['a number for a template of an email', { to: SMS.to, templateId: 'welcome' }, 'to'],
    [
      'a variable that is an object',
      { to: EMAIL.to, templateId: 'welcome', variables: { name: {} } },
      'variables.name',
    ],
    [
      'a variable that breaks the subject',
      { to: EMAIL.to, templateId: 'welcome', variables: { name: 'a\r\nBcc: b', 'order.id': 1 } },
      'subject',
    ],
    ['a list', [EMAIL], ''],
    ['nothing', undefined, ''],
    ['a text', '"hello"', ''],
  ])('is told which field to change, and stores nothing: %s', async (_name, body, key) => {
    const answer = await service.call('POST', '/messages', { body });
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toMatch('application/problem+json');
    expect(answer.body.code).toMatch(/^VALIDATION_FAILED|BODY_NOT_JSON$/);
    if (answer.body.code === 'VALIDATION_FAILED') {
      expect((answer.body.errors as Array<{ key: string }>).map((error) => error.key)).toContain(key);
    }
    expect(await count()).toBe(before);
  });

  it('is told of an unknown template', async () => {
    const answer = await service.call('POST', '/messages', { body: { to: EMAIL.to, templateId: 'nowhere' } });
    expect(answer).toMatchObject({ status: 404, body: { ...PROBLEM, code: 'TEMPLATE_NOT_FOUND' } });
    expect(await count()).toBe(before);
  });

  it.each(['subject', 'body'])('is told that its variables make it too long: %s', async (key) => {
    const id = `long-${key}`;
    const template = { id, channel: 'email', subject: 'Hello', body: 'Hello', [key]: '{{a}}'.repeat(50) };
    expect(await service.call('POST', '/templates', { body: template })).toMatchObject({ status: 201 });
    const variables = { a: 'x'.repeat(10_000) };
    const answer = await service.call('POST', '/messages', { body: { to: EMAIL.to, templateId: id, variables } });
    const message = `With its variables: At most ${key === 'body' ? '100000 bytes' : '255 characters'}.`;
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED', errors: [{ key, message }] } });
    expect(await count()).toBe(before);
  });

  it('is told which variables are missing; no object’s own are taken for them', async () => {
    await service.call('POST', '/templates', {
      body: { id: 'odd', channel: 'sms', body: '{{constructor}} {{__proto__}}' },
    });
    const body = '{"to":"+14155550123","templateId":"odd","variables":{"__proto__":"x","toString":"y"}}';
    const answer = await service.call('POST', '/messages', { body });
    expect(answer).toMatchObject({ status: 400, body: { ...PROBLEM, code: 'TEMPLATE_VARIABLE_MISSING' } });
    expect(answer.body.detail).toContain('constructor');
    expect(await count()).toBe(before);
  });

  it('is told of the first variables that are missing, and how many more there are', async () => {
    const text = Array.from({ length: 9_000 }, (_, i) => `{{v${i}}}`).join('');
    await service.call('POST', '/templates', { body: { id: 'many', channel: 'email', subject: 'Many', body: text } });
    const answer = await service.call('POST', '/messages', { body: { to: EMAIL.to, templateId: 'many' } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'TEMPLATE_VARIABLE_MISSING' } });
    expect(answer.body.detail).toMatch(/: v0, v1, .*, v19 and 8980 more\.$/);
    expect(answer.body.errors).toHaveLength(20);
  });

  it.each(['{', '{"to":', 'hello', '{"channel":"email",}'])('that is no JSON is told so: %s', async (body) => {
    const answer = await service.call('POST', '/messages', { body });
    expect(answer).toMatchObject({ status: 400, body: { ...PROBLEM, code: 'BODY_NOT_JSON' } });
  });

  it('that is too large is told so', async () => {
    const answer = await service.call('POST', '/messages', { body: { ...EMAIL, body: 'x'.repeat(300_000) } });
    expect(answer).toMatchObject({ status: 413, body: { ...PROBLEM, code: 'BODY_TOO_LARGE' } });
    expect(await count()).toBe(before);
  });

  it.each(['/nowhere', '/messages/%zz', '/%'])('to a path that is not there is told so: %s', async (path) => {
    const answer = await service.call('GET', path);
    expect([400, 404]).toContain(answer.status);
    expect(answer.body).toMatchObject(PROBLEM);
  });

  it('leaves the service as it was', async () => {
    const { body } = await service.call('POST', '/messages', { body: EMAIL });
    expect(await service.settled(body.id)).toMatchObject({ status: 'sent' });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestService } from '../testing/test-service.js';
import { isTemplateText, missingVariables, render } from './render.js';

describe('a text with variables', () => {
  it('has their values in their places', () => {
    expect(render('{{a}}, {{ b }} and {{c-d.e}}', { a: 'A', b: 2, 'c-d.e': true }, 100)).toBe('A, 2 and true');
  });

  it('reads no value as a text of its own, nor as a pattern', () => {
    expect(render('{{a}}', { a: '{{b}} $& $1', b: 'no' }, 100)).toBe('{{b}} $& $1');
  });

  it('is as long as it may be, and not made where it would be longer', () => {
    const variables = { a: 'x'.repeat(10), b: 7 };
    expect(render('-{{a}}{{a}}{{ b }}{{c}}', variables, 27)).toHaveLength(27);
    expect(render('-{{a}}{{a}}{{ b }}{{c}}', variables, 26)).toBeUndefined();
    // No text of JavaScript's can be as long as this one would be.
    expect(render('{{a}}'.repeat(20_000), { a: 'x'.repeat(100_000) }, 100_000)).toBeUndefined();
  });

  it('knows the variables that were given, and nothing that an object has by itself', () => {
    expect(missingVariables(['{{constructor}} {{toString}}', '{{a}} {{a}}'], {})).toEqual([
      'constructor',
      'toString',
      'a',
    ]);
    expect(render('{{constructor}}', {}, 100)).toBe('{{constructor}}');
  });

  it.each(['{{', '{{#if a}}', '{{ a b }}', '{{a.b()}}'])('is refused where braces hold no variable: %s', (text) => {
    expect(isTemplateText(text)).toBe(false);
  });
});

describe('templates', () => {
  const template = { id: 'welcome', channel: 'email', subject: 'Welcome', body: 'Hello {{name}}' };
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service?.stop());

  it('are kept for the tenant that made them', async () => {
    const made = await service.call('POST', '/templates', { body: template });
    expect(made).toMatchObject({ status: 201, body: { ...template, createdAt: expect.any(String) } });
    expect((await service.call('GET', '/templates/welcome')).body).toEqual(made.body);
    const { body: _body, ...summary } = made.body;
    expect((await service.call('GET', '/templates')).body).toEqual({ templates: [summary] });
    expect((await service.call('GET', '/templates', { as: 'globex' })).body).toEqual({ templates: [] });
    const foreign = await service.call('GET', '/templates/welcome', { as: 'globex' });
    expect(foreign).toMatchObject({ status: 404, body: { code: 'TEMPLATE_NOT_FOUND' } });
  });

  it('are listed a page at a time, in the order of their ids, and each once', async () => {
    const ids = ['a', 'b-1', 'b', 'b_2', 'c'];
    for (const id of ids) await service.call('POST', '/templates', { as: 'globex', body: { ...template, id } });
    const seen: string[] = [];
    for (let next: string | undefined = ''; next !== undefined;) {
      const path: string = `/templates?limit=2${next && `&cursor=${next}`}`;
      const { body } = await service.call('GET', path, { as: 'globex' });
      const templates = body.templates as Array<{ id: string }>;
      expect(templates.length).toBeLessThanOrEqual(2);
      seen.push(...templates.map(({ id }) => id));
      next = body.next;
    }
    expect(seen.toSorted()).toEqual(ids.toSorted());
    const { body } = await service.call('GET', '/templates?limit=5', { as: 'globex' });
    expect((body.templates as Array<{ id: string }>).map(({ id }) => id)).toEqual(seen);
    expect(body).not.toHaveProperty('next');
  });

  it.each(['limit=0', 'limit=101', 'limit=x', 'cursor=%00', 'limit=1&limit=2'])(
    'are listed within bounds: ?%s',
    async (query) => {
      const answer = await service.call('GET', `/templates?${query}`);
      expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    },
  );

  it('are listed without their bodies being read', async () => {
    await service.database.query('ALTER TABLE t_acme.templates RENAME body TO body_away');
    const answer = await service.call('GET', '/templates');
    await service.database.query('ALTER TABLE t_acme.templates RENAME body_away TO body');
    expect(answer).toMatchObject({ status: 200, body: { templates: [{ id: 'welcome' }] } });
  });

  it('are not made twice', async () => {
    const body = { ...template, id: 'twice' };
    const answers = await Promise.all([1, 2, 3].map(() => service.call('POST', '/templates', { body })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({ code: 'TEMPLATE_EXISTS' });
  });

  it.each([
    ['id', { ...template, id: 'Not a slug' }],
    ['subject', { ...template, id: 'a', subject: undefined }],
    ['subject', { ...template, id: 'a', subject: 'a\nb' }],
    ['subject', { ...template, id: 'a', channel: 'sms' }],
    ['body', { ...template, id: 'a', body: '{{#each}}' }],
    ['channel', { ...template, id: 'a', channel: 'fax' }],
  ])('that are not right are told which field to change: %s', async (key, body) => {
    const answer = await service.call('POST', '/templates', { body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect((answer.body.errors as Array<{ key: string }>).map((error) => error.key)).toContain(key);
  });
});

import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually, TestService } from '../testing/test-service.js';

const EMAIL = { channel: 'email', to: 'ada@example.com', subject: 'Hello', body: 'Hello Ada!' };
const SMS = { channel: 'sms', to: '+14155550123', body: 'Hello Ada!' };

let service: TestService;
let database: pg.Client;

beforeAll(async () => {
  service = await TestService.start();
  database = new pg.Client({ connectionString: service.database.url });
  await database.connect();
});
afterEach(() => {
  service.mail.refusal = service.sms.refusal = service.mail.hold = service.sms.answer = undefined;
});
afterAll(async () => {
  await database?.end();
  await service?.stop();
});

async function send(message: object): Promise<string> {
  const { status, body } = await service.call('POST', '/messages', { body: message });
  expect(status).toBe(202);
  return body.id;
}

const jobs = async () => (await database.query<{ state: string }>('SELECT state FROM bullmq.job')).rows;

describe('a message that cannot be sent now', () => {
  it('is tried again until it is sent, and each attempt is told', async () => {
    service.mail.refusal = { code: 451, text: 'mx1.internal is busy' };
    const id = await send(EMAIL);
    await eventually(() => (service.mail.tries > 0 ? true : undefined));
    service.mail.refusal = undefined;
    const message = await service.settled(id);
    expect(message).toMatchObject({ status: 'sent' });
    const attempts = message.attempts as Array<{ outcome: string; error: string }>;
    expect(attempts.at(-1)).toMatchObject({ outcome: 'sent', error: null });
    expect(attempts[0]).toMatchObject({
      outcome: 'failed',
      error: 'The mail server cannot take the message now (451).',
    });
  });

  it('has failed after the last attempt, in words that give nothing away', async () => {
    service.sms.refusal = { status: 503, code: 20500, message: 'db-7.internal: out of memory' };
    const id = await send(SMS);
    const message = await service.settled(id);
    const error = 'The SMS provider cannot take the message now (503).';
    expect(message).toMatchObject({
      status: 'failed',
      sentAt: null,
      attempts: [1, 2, 3].map(() => ({ outcome: 'failed', error })),
    });
    await eventually(async () => ((await jobs()).length === 0 ? true : undefined));
  });
});

describe('a message that will never be taken', () => {
  it('has failed at once: a recipient that the mail server refuses', async () => {
    service.mail.refusal = { code: 550, text: 'no such user at mx1.internal' };
    const message = await service.settled(await send(EMAIL));
    expect(message).toMatchObject({ status: 'failed', attempts: [{ outcome: 'failed' }] });
    expect(JSON.stringify(message)).not.toContain('internal');
  });

  it('has failed at once: a number that the provider refuses', async () => {
    service.sms.refusal = { status: 400, code: 21211, message: 'The To number is not valid' };
    const message = await service.settled(await send(SMS));
    expect(message).toMatchObject({
      status: 'failed',
      attempts: [{ outcome: 'failed', error: 'The SMS provider refused the message (error 21211).' }],
    });
  });
});

describe('a message that the provider has taken', () => {
  const endless = (response: ServerResponse): void => {
    const pour = (): void => {
      while (!response.destroyed && response.write('a'.repeat(65_536)));
    };
    response.on('drain', pour);
    pour();
  };

  it.each<[string, (response: ServerResponse) => unknown]>([
    ['nothing', (response) => response.end()],
    ['null', (response) => response.end('null')],
    ['a page', (response) => response.end('<h1>Welcome</h1>')],
    ['no name', (response) => response.end('{}')],
    ['a name that cannot be kept', (response) => response.end(JSON.stringify({ sid: 'a\0b' }))],
    ['a name that is none', (response) => response.end(JSON.stringify({ sid: { a: 1 } }))],
    ['less than it began', (response) => response.write('{', () => response.destroy())],
    ['more than anybody reads', endless],
  ])('is sent, and not sent again, where it answers %s', async (_what, answer) => {
    service.sms.answer = (response) => answer(response.writeHead(201, { 'content-type': 'application/json' }));
    const before = service.sms.messages.length;
    const id = await send(SMS);
    expect(await service.settled(id)).toMatchObject({ status: 'sent', attempts: [{ outcome: 'sent' }] });
    expect(service.sms.messages).toHaveLength(before + 1);
    const { rows } = await database.query('SELECT provider_id FROM t_acme.messages WHERE id = $1', [id]);
    expect(rows).toEqual([{ provider_id: null }]);
  });

  it('is known by the name that the provider has given it', async () => {
    const id = await send(SMS);
    await service.settled(id);
    const { rows } = await database.query('SELECT provider_id FROM t_acme.messages WHERE id = $1', [id]);
    expect(rows).toEqual([{ provider_id: expect.stringMatching(/^SM0+\d+$/) }]);
  });
});

describe('a message that waits', () => {
  it('is held while its tenant is suspended, and sent after, with the settings of that moment', async () => {
    const acme = (await service.tenants.findById('acme'))!;
    service.mail.refusal = { code: 451, text: 'busy' };
    const id = await send(EMAIL);
    service.tenants.save({ ...acme, status: 'suspended' });
    const before = service.mail.mails.length;
    // It is not in the queue any more, where it would only be taken up to be held again.
    await eventually(async () => ((await jobs()).length === 0 ? true : undefined));
    expect(service.mail.mails).toHaveLength(before);
    // Not before: its first attempt may still be under way.
    service.mail.refusal = undefined;
    service.tenants.save({ ...acme, config: { ...acme.config, 'email.from': 'Later <later@acme.example>' } });
    const message = await service.settled(id);
    expect(message).toMatchObject({ status: 'sent', from: 'Later <later@acme.example>' });
    service.tenants.save(acme);
    expect((message.attempts as object[]).length).toBeLessThanOrEqual(2);
  });

  it('is dropped once its tenant is gone, and the others go on', async () => {
    const acme = (await service.tenants.findById('acme'))!;
    service.mail.refusal = { code: 451, text: 'busy' };
    await send(EMAIL);
    service.tenants.delete('acme');
    await eventually(async () => ((await jobs()).length === 0 ? true : undefined));
    service.mail.refusal = undefined;
    service.tenants.save(acme);
    expect(await service.settled(await send(EMAIL))).toMatchObject({ status: 'sent' });
  });
});

describe('a message that cannot be queued', () => {
  it('is refused; the same Idempotency-Key sends it once, and without one nothing is kept of it', async () => {
    const message = { ...EMAIL, subject: 'Unqueued' };
    const headers = { 'Idempotency-Key': 'unqueued' };
    const stored = async () => (await database.query("SELECT id FROM t_acme.messages WHERE subject = 'Unqueued'")).rows;
    await database.query('ALTER FUNCTION bullmq.add_job RENAME TO add_job_away');
    const [without, withKey] = [
      await service.call('POST', '/messages', { body: message }),
      await service.call('POST', '/messages', { body: message, headers }),
    ];
    await database.query('ALTER FUNCTION bullmq.add_job_away RENAME TO add_job');
    for (const answer of [without, withKey]) {
      expect(answer).toMatchObject({ status: 503, body: { code: 'QUEUE_UNAVAILABLE' } });
    }
    const rows = await stored();
    expect(rows).toHaveLength(1);
    const again = await service.call('POST', '/messages', { body: message, headers });
    expect(again).toMatchObject({ status: 202, body: rows[0] });
    expect(await service.settled(again.body.id)).toMatchObject({ status: 'sent', attempts: [{ outcome: 'sent' }] });
  });
});

describe('when the service stops', () => {
  it('a request that never ends arriving of nobody’s keeps it for a few seconds', async () => {
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1').on('error', () => undefined);
    socket.write('POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n');
    const drip = setInterval(() => socket.write('{'), 100);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    expect((await service.call('GET', '/health')).status).toBe(200);
    await service.stopApp();
    await closed;
    clearInterval(drip);
    await service.startApp();
  });

  it('a message that is being sent is ended, and recorded', async () => {
    let release: () => void = () => undefined;
    service.mail.hold = new Promise((resolve) => (release = resolve));
    const tries = service.mail.tries;
    const id = await send(EMAIL);
    await eventually(() => (service.mail.tries > tries ? true : undefined));
    const stopped = service.stopApp();
    release();
    await stopped;
    const { rows } = await database.query('SELECT status FROM t_acme.messages WHERE id = $1', [id]);
    expect(rows).toEqual([{ status: 'sent' }]);
    await service.startApp();
  });

  it('a message that waits is sent once it runs again', async () => {
    service.mail.refusal = { code: 451, text: 'busy' };
    const id = await send(EMAIL);
    await service.stopApp();
    service.mail.refusal = undefined;
    await service.startApp();
    expect(await service.settled(id)).toMatchObject({ status: 'sent' });
  });

  it('a message whose job was lost is sent once it runs again, and a sent one is not sent twice', async () => {
    const sent = await send(EMAIL);
    await service.settled(sent);
    const { rows } = await database.query<{ id: string }>(
      `INSERT INTO t_acme.messages (channel, "to", subject, body, created_at)
       VALUES ('email', 'ada@example.com', 'Lost', 'Found', now() - interval '1 hour') RETURNING id`,
    );
    await service.stopApp();
    await service.startApp();
    expect(await service.settled(rows[0].id)).toMatchObject({ status: 'sent' });
    expect(service.mail.mails.filter(({ source }) => source.includes(sent))).toHaveLength(1);
  });
});

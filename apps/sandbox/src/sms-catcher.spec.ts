import { once } from 'node:events';
import { connect } from 'node:net';
import twilio from 'twilio';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type SmsCatcher, type SmsCatcherOptions, startSmsCatcher } from './sms-catcher.js';

const accountSid = `AC${'0'.repeat(32)}`;
const authToken = 'secret';
const messages = `/2010-04-01/Accounts/${accountSid}/Messages.json`;

async function start(options: Partial<SmsCatcherOptions> = {}): Promise<SmsCatcher> {
  const catcher = await startSmsCatcher({ port: 0, accountSid, authToken, ...options });
  onTestFinished(() => catcher.stop());
  return catcher;
}

/** Twilio's official client, sent to the catcher. */
function clientOf({ port }: SmsCatcher, token = authToken) {
  const client = twilio(accountSid, token);
  client.api.baseUrl = `http://127.0.0.1:${port}`;
  return client;
}

function request({ port }: SmsCatcher, path: string, init: RequestInit = {}) {
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
  return fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers: { authorization, ...init.headers } });
}

describe('Twilio’s client', () => {
  it('sends a message, which is caught', async () => {
    const catcher = await start();

    const sent = await clientOf(catcher).messages.create({ to: '+4915112345678', from: 'Acme', body: 'Grüße & 100 %' });

    expect(sent).toMatchObject({
      sid: expect.stringMatching(/^SM[0-9a-f]{32}$/) as string,
      accountSid,
      status: 'queued',
      to: '+4915112345678',
      from: 'Acme',
      body: 'Grüße & 100 %',
      numSegments: '1',
      price: null,
      errorMessage: null,
    });
    expect(Math.abs(sent.dateCreated.getTime() - Date.now())).toBeLessThan(60_000);
    expect(catcher.messages()).toEqual([
      expect.objectContaining({ sid: sent.sid, to: '+4915112345678', from: 'Acme' }),
    ]);
  });

  it('sends by a messaging service, which chooses the sender', async () => {
    const catcher = await start();
    const messagingServiceSid = `MG${'a'.repeat(32)}`;

    const sent = await clientOf(catcher).messages.create({ to: '+4915112345678', messagingServiceSid, body: 'Hi' });

    expect(sent).toMatchObject({ from: null, messagingServiceSid });
  });

  it('lists what was caught, page by page, and fetches one', async () => {
    const catcher = await start();
    const client = clientOf(catcher);
    for (const body of ['one', 'two', 'three'])
      await client.messages.create({ to: '+4915112345678', from: 'Acme', body });
    await client.messages.create({ to: '+15551234567', from: 'Globex', body: 'four' });

    const all = await client.messages.list({ pageSize: 2 });
    const toOne = await client.messages.list({ to: '+15551234567' });
    const fetched = await client.messages(all[1].sid).fetch();

    expect(all.map(({ body }) => body)).toEqual(['four', 'three', 'two', 'one']);
    expect(toOne.map(({ body }) => body)).toEqual(['four']);
    expect(fetched.body).toBe('three');
  });

  it.each([
    ['a number that is none', { to: '12345', from: 'Acme', body: 'Hi' }, 21211],
    ['a word that every object knows', { to: 'constructor', from: 'Acme', body: 'Hi' }, 21211],
    ['Twilio’s magic number for an invalid one', { to: '+15005550001', from: 'Acme', body: 'Hi' }, 21211],
    ['Twilio’s magic number for one that has opted out', { to: '+15005550004', from: 'Acme', body: 'Hi' }, 21610],
    ['no recipient', { to: '', from: 'Acme', body: 'Hi' }, 21604],
    ['no sender', { to: '+4915112345678', body: 'Hi' }, 21603],
    ['a sender that is none', { to: '+4915112345678', from: 'A name too long', body: 'Hi' }, 21212],
    ['no text', { to: '+4915112345678', from: 'Acme', body: '' }, 21602],
    ['a text that is too long', { to: '+4915112345678', from: 'Acme', body: 'x'.repeat(1_601) }, 21617],
  ])('is refused for %s, with Twilio’s code', async (_, message, code) => {
    const catcher = await start();

    await expect(clientOf(catcher).messages.create(message)).rejects.toMatchObject({
      status: 400,
      code,
      moreInfo: `https://www.twilio.com/docs/errors/${code}`,
    });
    expect(catcher.messages()).toEqual([]);
  });

  it('is refused with a wrong token', async () => {
    const client = clientOf(await start(), 'wrong');

    await expect(client.messages.create({ to: '+4915112345678', from: 'Acme', body: 'Hi' })).rejects.toMatchObject({
      status: 401,
      code: 20003,
    });
  });
});

describe('the SMS catcher', () => {
  it('answers like Twilio', async () => {
    const catcher = await start();
    const body = new URLSearchParams({ To: '+4915112345678', From: 'Acme', Body: 'Hi' });

    const reply = await request(catcher, messages, { method: 'POST', body });

    expect(reply.status).toBe(201);
    const message = (await reply.json()) as Record<string, unknown>;
    expect(message).toMatchObject({
      account_sid: accountSid,
      date_created: expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/) as string,
      error_code: null,
      num_segments: '1',
      price: null,
      status: 'queued',
    });
    expect(message.uri).toBe(`/2010-04-01/Accounts/${accountSid}/Messages/${String(message.sid)}.json`);
  });

  it('keeps the newest only', async () => {
    const catcher = await start({ limit: 2 });
    for (const body of ['one', 'two', 'three']) {
      await clientOf(catcher).messages.create({ to: '+4915112345678', from: 'Acme', body });
    }

    expect(catcher.messages().map(({ body }) => body)).toEqual(['three', 'two']);
  });

  it('knows no other account', async () => {
    const reply = await request(await start(), messages.replace(accountSid, `AC${'1'.repeat(32)}`));

    expect(reply.status).toBe(404);
    expect(await reply.json()).toMatchObject({ code: 20404, status: 404 });
  });

  it('refuses requests that are garbage and goes on', async () => {
    const catcher = await start();

    const large = await request(catcher, messages, { method: 'POST', body: 'x'.repeat(10 * 1024 * 1024) });
    const json = await request(catcher, messages, { method: 'POST', body: '{"To":' });
    const path = await request(catcher, '/2010-04-01/Accounts/%E0%A4%A/Messages.json');
    const method = await request(catcher, messages, { method: 'DELETE' });
    const raw = connect(catcher.port, '127.0.0.1').on('error', () => undefined);
    raw.resume().end('\u0000\u0001 nonsense\r\n\r\n');
    await once(raw, 'close');

    expect([large.status, json.status, path.status, method.status]).toEqual([413, 400, 404, 405]);
    expect((await request(catcher, messages)).status).toBe(200);
    expect(catcher.messages()).toEqual([]);
  });

  it('says so when its port is taken', async () => {
    const { port } = await start();

    await expect(start({ port, portVariable: 'SMS_PORT' })).rejects.toThrow(
      `Port ${port} is taken. Stop what listens there, or set SMS_PORT to another.`,
    );
  });
});

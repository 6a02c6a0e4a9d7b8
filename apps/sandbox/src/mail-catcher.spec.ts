import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type MailCatcher, type MailCatcherOptions, startMailCatcher } from './mail-catcher.js';
import type { CaughtSms } from './sms/caught-sms.js';

const greeting = { from: 'Acme <hello@acme.example>', to: 'jo@example.com', subject: 'Hello', text: 'How are you?' };

async function start(options: Partial<MailCatcherOptions> = {}): Promise<MailCatcher> {
  const catcher = await startMailCatcher({ smtpPort: 0, httpPort: 0, ...options });
  onTestFinished(() => catcher.stop());
  return catcher;
}

async function send({ smtpPort }: MailCatcher, ...mails: SendMailOptions[]): Promise<void> {
  const transport = createTransport({ host: '127.0.0.1', port: smtpPort });
  for (const mail of mails) await transport.sendMail(mail);
  transport.close();
}

async function get({ httpPort }: MailCatcher, path: string): Promise<Record<string, unknown>> {
  const reply = await fetch(`http://127.0.0.1:${httpPort}${path}`);
  expect(reply.headers.get('content-type')).toBe('application/json');
  return (await reply.json()) as Record<string, unknown>;
}

async function pageOf({ httpPort }: MailCatcher, path: string): Promise<string> {
  return (await fetch(`http://127.0.0.1:${httpPort}${path}`)).text();
}

describe('a mail', () => {
  it('is caught with its sender, recipients and text', async () => {
    const catcher = await start();

    await send(catcher, {
      ...greeting,
      cc: 'Cy <cy@example.com>',
      bcc: 'hidden@example.com',
      replyTo: 'r@acme.example',
    });

    expect(catcher.messages()).toEqual([
      expect.objectContaining({
        from: { name: 'Acme', address: 'hello@acme.example' },
        to: [{ name: '', address: 'jo@example.com' }],
        cc: [{ name: 'Cy', address: 'cy@example.com' }],
        bcc: [{ name: '', address: 'hidden@example.com' }],
        replyTo: [{ name: '', address: 'r@acme.example' }],
        subject: 'Hello',
        text: 'How are you?\n',
        read: false,
      }),
    ]);
  });

  it('is taken with credentials too, whatever they are', async () => {
    const catcher = await start();
    const auth = { user: 'acme', pass: 'secret' };
    const transport = createTransport({ host: '127.0.0.1', port: catcher.smtpPort, auth });

    await transport.sendMail(greeting);

    expect(catcher.messages()).toHaveLength(1);
  });

  it('arrives over one connection as over many', async () => {
    const catcher = await start();
    const transport = createTransport({ host: '127.0.0.1', port: catcher.smtpPort, pool: true, maxConnections: 1 });

    await Promise.all(Array.from({ length: 20 }, () => transport.sendMail(greeting)));
    transport.close();

    expect(catcher.messages()).toHaveLength(20);
  });

  it('that is the oldest goes when there are too many', async () => {
    const catcher = await start({ limit: 2 });

    await send(catcher, ...['one', 'two', 'three'].map((subject) => ({ ...greeting, subject })));

    expect(catcher.messages().map(({ subject }) => subject)).toEqual(['three', 'two']);
  });

  it('that is too large is refused, and the next one taken', async () => {
    const catcher = await start();
    const attachments = [{ filename: 'large.bin', content: Buffer.alloc(20 * 1024 * 1024) }];

    await expect(send(catcher, { ...greeting, attachments })).rejects.toThrow(/exceeds|larger than|maximum/);
    await send(catcher, greeting);

    expect(catcher.messages()).toHaveLength(1);
  });

  it('that is no mail at all is kept as it came', async () => {
    const catcher = await start();

    await send(catcher, {
      envelope: { from: 'a@example.com', to: 'b@example.com' },
      raw: 'Date: never\r\nContent-Type: multipart/mixed; boundary=\r\n\r\n--\r\n\u0000\u0001',
    });

    expect(catcher.messages()).toEqual([
      expect.objectContaining({ from: { name: '', address: 'a@example.com' }, subject: '' }),
    ]);
    expect((await get(catcher, '/api/v1/messages')).total).toBe(1);
  });

  it('whose client goes away half way disturbs nobody', async () => {
    const catcher = await start();
    const client = connect(catcher.smtpPort, '127.0.0.1');
    client.write('EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nSubject: half');
    await once(client, 'data');
    client.resetAndDestroy();

    await send(catcher, greeting);

    expect(catcher.messages()).toHaveLength(1);
  });
});

describe('the API', () => {
  it('lists mails as Mailpit does', async () => {
    const catcher = await start();
    await send(catcher, greeting);

    expect(await get(catcher, '/api/v1/messages')).toEqual({
      total: 1,
      unread: 1,
      count: 1,
      messages_count: 1,
      messages_unread: 1,
      start: 0,
      tags: [],
      messages: [
        {
          ID: expect.stringMatching(/^\w+$/) as string,
          MessageID: expect.stringMatching(/^[^<>]+@acme\.example$/) as string,
          Read: false,
          From: { Name: 'Acme', Address: 'hello@acme.example' },
          To: [{ Name: '', Address: 'jo@example.com' }],
          Cc: [],
          Bcc: [],
          ReplyTo: [],
          Subject: 'Hello',
          Created: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
          Username: '',
          Tags: [],
          Size: expect.any(Number) as number,
          Attachments: 0,
          Snippet: 'How are you?',
        },
      ],
    });
  });

  it('pages with start and limit, newest first', async () => {
    const catcher = await start();
    await send(catcher, ...['one', 'two', 'three'].map((subject) => ({ ...greeting, subject })));

    const page = await get(catcher, '/api/v1/messages?start=1&limit=1');

    expect(page).toMatchObject({ total: 3, count: 1, start: 1, messages: [{ Subject: 'two' }] });
    expect(await get(catcher, '/api/v1/messages?start=x&limit=-1')).toMatchObject({ count: 3, start: 0 });
  });

  it('returns a mail with its bodies and attachments, which counts as read', async () => {
    const catcher = await start();
    await send(catcher, {
      ...greeting,
      html: '<p>How are <b>you</b>?</p>',
      attachments: [{ filename: 'a.txt', content: 'A' }],
    });
    const [{ id }] = catcher.messages();

    const mail = await get(catcher, `/api/v1/message/${id}`);

    expect(mail).toMatchObject({
      ID: id,
      Subject: 'Hello',
      ReturnPath: 'hello@acme.example',
      Text: 'How are you?',
      HTML: expect.stringContaining('<b>you</b>') as string,
      Inline: [],
      Attachments: [{ FileName: 'a.txt', ContentType: 'text/plain', Size: 1 }],
    });
    expect(await get(catcher, '/api/v1/message/latest')).toEqual(mail);
    expect(await get(catcher, '/api/v1/messages')).toMatchObject({ unread: 0, messages: [{ Read: true }] });
  });

  it('deletes the mails that are named, or all', async () => {
    const catcher = await start();
    await send(catcher, ...['one', 'two', 'three'].map((subject) => ({ ...greeting, subject })));
    const remove = (body?: string) =>
      fetch(`http://127.0.0.1:${catcher.httpPort}/api/v1/messages`, { method: 'DELETE', body });

    await remove(JSON.stringify({ IDs: [catcher.messages()[0].id] }));
    expect(catcher.messages().map(({ subject }) => subject)).toEqual(['two', 'one']);

    const reply = await remove();
    expect(await reply.text()).toBe('ok');
    expect(catcher.messages()).toEqual([]);
  });

  it.each([
    ['GET', '/api/v1/message/unknown', 404],
    ['GET', '/nowhere', 404],
    ['GET', '/%E0%A4%A', 404],
    ['PUT', '/api/v1/messages', 405],
    ['GET', '/livez', 200],
    ['GET', '/api/v1/info', 200],
  ])('answers %s %s with %i', async (method, path, status) => {
    const { httpPort } = await start();

    expect((await fetch(`http://127.0.0.1:${httpPort}${path}`, { method })).status).toBe(status);
  });
});

describe('the web page', () => {
  it('says what to do while it is empty', async () => {
    const catcher = await start();

    expect(await pageOf(catcher, '/')).toContain('No mail yet.');
    expect(await pageOf(catcher, '/sms')).toContain('No SMS yet.');
  });

  it('lists the mails and shows the chosen one', async () => {
    const catcher = await start();
    await send(catcher, greeting);

    const page = await pageOf(catcher, `/?id=${catcher.messages()[0].id}`);

    expect(page).toContain('Acme &#60;hello@acme.example&#62; → jo@example.com');
    expect(page).toContain('<pre>How are you?\n</pre>');
    expect(catcher.messages()[0].read).toBe(true);
  });

  it('lists the SMS and shows the chosen one', async () => {
    const sms: CaughtSms = {
      sid: 'SM1',
      accountSid: 'AC1',
      to: '+4915112345678',
      from: 'Acme',
      messagingServiceSid: null,
      body: 'Your code is 42',
      created: new Date(),
    };
    const catcher = await start({ sms: () => [sms] });

    expect(await pageOf(catcher, '/')).toContain('SMS (1)');
    expect(await pageOf(catcher, '/sms?sid=SM1')).toContain('<pre>Your code is 42</pre>');
  });

  it('shows markup as text, or as HTML where no script runs', async () => {
    const catcher = await start();
    const attack = '<script>alert(1)</script>"\'><img src=x onerror=alert(1)>';
    await send(catcher, {
      ...greeting,
      from: { name: attack, address: 'a@example.com' },
      subject: attack,
      text: attack,
      html: attack,
    });
    const { httpPort } = catcher;

    const reply = await fetch(`http://127.0.0.1:${httpPort}/?id=${catcher.messages()[0].id}`);
    const page = await reply.text();

    expect(page).not.toContain('<script>alert');
    expect(page).not.toContain('<img');
    expect(page).toContain('sandbox=""');
    const script = /<script>(.*?)<\/script>/s.exec(page)?.[1] ?? '';
    const hash = createHash('sha256').update(script).digest('base64');
    expect(reply.headers.get('content-security-policy')).toContain(`default-src 'none'; script-src 'sha256-${hash}'; `);
  });
});

describe('a mail catcher', () => {
  it('says so when a port is taken, and leaves none open', async () => {
    const { httpPort, smtpPort } = await start();

    await expect(start({ smtpPort, smtpPortVariable: 'SMTP_PORT' })).rejects.toThrow(
      `Port ${smtpPort} is taken. Stop what listens there, or set SMTP_PORT to another.`,
    );
    await expect(start({ httpPort, httpPortVariable: 'MAILBOX_PORT' })).rejects.toThrow(
      `Port ${httpPort} is taken. Stop what listens there, or set MAILBOX_PORT to another.`,
    );
  });

  it('stops while a client is connected', async () => {
    const catcher = await start();
    const client = connect(catcher.smtpPort, '127.0.0.1').on('error', () => undefined);
    await once(client, 'data');

    await catcher.stop();

    await expect(fetch(`http://127.0.0.1:${catcher.httpPort}/livez`)).rejects.toThrow();
  });
});

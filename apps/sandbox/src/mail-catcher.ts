import { type HttpReply, type HttpRequest, startHttpServer } from './http/http-server.js';
import type { CaughtMail } from './mail/caught-mail.js';
import { parseMail } from './mail/parse-mail.js';
import { startSmtpReceiver } from './mail/smtp-receiver.js';
import { mailPage, smsPage } from './mailbox/mailbox-page.js';
import { answerAsMailpit, plain } from './mailbox/mailpit-api.js';
import { RecentMessages } from './recent-messages.js';
import type { CaughtSms } from './sms/caught-sms.js';

export interface MailCatcherOptions {
  /** 0 takes a free one. */
  readonly smtpPort: number;
  /** Of the web page and its API. 0 takes a free one. */
  readonly httpPort: number;
  /** What the SMS catcher caught, for the web page. @defaultValue none */
  readonly sms?: () => readonly CaughtSms[];
  /** How many mails are kept. @defaultValue `1_000` */
  readonly limit?: number;
  /** What the user sets to choose another port, for the error when it is taken. @defaultValue `'smtpPort'` */
  readonly smtpPortVariable?: string;
  /** @defaultValue `'httpPort'` */
  readonly httpPortVariable?: string;
}

export interface MailCatcher {
  readonly smtpPort: number;
  readonly httpPort: number;
  /** Newest first. */
  messages(): readonly CaughtMail[];
  stop(): Promise<void>;
}

/**
 * Takes every mail over SMTP, sends none on, and shows them at `http://localhost:<httpPort>/` and through Mailpit's
 * API at `/api/v1/messages`.
 */
export async function startMailCatcher({
  smtpPort,
  httpPort,
  sms = () => [],
  limit = 1_000,
  smtpPortVariable = 'smtpPort',
  httpPortVariable = 'httpPort',
}: MailCatcherOptions): Promise<MailCatcher> {
  const mails = new RecentMessages<CaughtMail>({ count: limit, size: 64 * 1024 * 1024 }, ({ size }) => size);

  function handle(request: HttpRequest): HttpReply {
    const { method, path, query } = request;
    const reply = answerAsMailpit(request, mails);
    if (reply) return reply;
    const mailbox = { mails: mails.all(), sms: sms() };
    if (method === 'GET' && path === '/') return mailPage(mailbox, query.get('id'));
    if (method === 'GET' && path === '/sms') return smsPage(mailbox, query.get('sid'));
    return plain(404, 'Nothing is here. The mailbox is at /, its API at /api/v1/messages.');
  }

  const smtp = await startSmtpReceiver({
    port: smtpPort,
    portVariable: smtpPortVariable,
    receive: async (source, envelope) => mails.add(await parseMail(source, envelope)),
  });
  try {
    const http = await startHttpServer({
      port: httpPort,
      portVariable: httpPortVariable,
      bodyLimit: 1024 * 1024,
      handle,
      refuse: plain,
    });
    return {
      smtpPort: smtp.port,
      httpPort: http.port,
      messages: () => mails.all(),
      stop: async () => {
        await Promise.all([smtp.stop(), http.stop()]);
      },
    };
  } catch (error) {
    await smtp.stop();
    throw error;
  }
}

import { randomBytes } from 'node:crypto';
import { type HttpReply, type HttpRequest, jsonReply, startHttpServer } from './http/http-server.js';
import { RecentMessages } from './recent-messages.js';
import type { CaughtSms } from './sms/caught-sms.js';
import { readNewSms } from './sms/new-message.js';
import { twilioError } from './sms/twilio-error.js';
import { toTwilioMessage, toTwilioPage } from './sms/twilio-message.js';

export interface SmsCatcherOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** `AC` and 32 hexadecimal digits. */
  readonly accountSid: string;
  readonly authToken: string;
  /** How many messages are kept. @defaultValue `1_000` */
  readonly limit?: number;
  /** What the user sets to choose another port, for the error when it is taken. @defaultValue `'port'` */
  readonly portVariable?: string;
}

export interface SmsCatcher {
  readonly port: number;
  /** Newest first. */
  messages(): readonly CaughtSms[];
  stop(): Promise<void>;
}

/**
 * Speaks the part of Twilio's API that sends and lists text messages, keeps what it is sent and sends nothing on:
 * https://www.twilio.com/docs/messaging/api/message-resource. To see a message fail, send it to one of Twilio's magic
 * numbers, `+15005550001` for an invalid one.
 */
export async function startSmsCatcher({
  port,
  accountSid,
  authToken,
  limit = 1_000,
  portVariable = 'port',
}: SmsCatcherOptions): Promise<SmsCatcher> {
  const caught = new RecentMessages<CaughtSms>({ count: limit, size: 64 * 1024 * 1024 }, (sms) => sms.body.length);
  const credentials = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
  const messagesPath = `/2010-04-01/Accounts/${accountSid}/Messages`;

  function handle(request: HttpRequest): HttpReply {
    if (request.path === '/health') return jsonReply(200, { status: 'ok' });
    if (request.headers.authorization !== credentials) {
      const refusal = twilioError(401, 20003, 'Authenticate');
      return { ...refusal, headers: { ...refusal.headers, 'www-authenticate': 'Basic realm="Twilio API"' } };
    }
    const { method, path } = request;
    if (path === `${messagesPath}.json`) {
      if (method === 'POST') return send(request);
      if (method === 'GET') return jsonReply(200, toTwilioPage(path, request.query, caught.all()));
      return twilioError(405, 20004, 'Method not allowed');
    }
    const sms = caught.all().find(({ sid }) => path === `${messagesPath}/${sid}.json`);
    if (!sms) return twilioError(404, 20404, `The requested resource ${path} was not found`);
    if (method === 'GET') return jsonReply(200, toTwilioMessage(sms));
    return twilioError(405, 20004, 'Method not allowed');
  }

  function send(request: HttpRequest): HttpReply {
    const wanted = readNewSms(new URLSearchParams(request.body));
    if ('status' in wanted) return wanted;
    const sms: CaughtSms = {
      sid: `SM${randomBytes(16).toString('hex')}`,
      accountSid,
      created: new Date(),
      ...wanted,
    };
    caught.add(sms);
    return jsonReply(201, toTwilioMessage(sms));
  }

  const server = await startHttpServer({
    port,
    portVariable,
    bodyLimit: 64 * 1024,
    handle,
    refuse: (status, message) => twilioError(status, 20001, message),
  });
  return { port: server.port, messages: () => caught.all(), stop: () => server.stop() };
}

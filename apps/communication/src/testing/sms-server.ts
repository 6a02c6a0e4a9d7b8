import type { ServerResponse } from 'node:http';
import { listenOnFreePort } from './listen.js';

export const ACCOUNT_SID = `AC${'0'.repeat(32)}`;
export const AUTH_TOKEN = 'a-token-of-the-provider';

export interface ReceivedSms {
  readonly to: string;
  readonly from: string;
  readonly body: string;
}

export interface SmsServer {
  readonly url: string;
  readonly messages: ReceivedSms[];
  /** How the next messages are refused; `undefined` takes them. */
  refusal: { readonly status: number; readonly code: number; readonly message: string } | undefined;
  /** How messages that are taken are answered; with their sid where it is `undefined`. */
  answer: ((response: ServerResponse) => unknown) | undefined;
  tries: number;
  stop(): Promise<void>;
}

/** A real HTTP server that speaks as much of Twilio's Messages API as sending needs. */
export async function startSmsServer(): Promise<SmsServer> {
  const credentials = `Basic ${Buffer.from(`${ACCOUNT_SID}:${AUTH_TOKEN}`).toString('base64')}`;
  const server = await listenOnFreePort((request, response) => {
    const reply = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      smsServer.tries += 1;
      const { refusal } = smsServer;
      if (request.headers.authorization !== credentials) return reply(401, { status: 401, code: 20003 });
      if (request.url !== `/2010-04-01/Accounts/${ACCOUNT_SID}/Messages.json`) return reply(404, { code: 20404 });
      if (refusal) return reply(refusal.status, refusal);
      const form = new URLSearchParams(text);
      smsServer.messages.push({ to: form.get('To')!, from: form.get('From')!, body: form.get('Body')! });
      if (smsServer.answer) return smsServer.answer(response);
      return reply(201, { sid: `SM${String(smsServer.messages.length).padStart(32, '0')}`, status: 'queued' });
    });
  });
  const smsServer: SmsServer = {
    url: server.url,
    messages: [],
    refusal: undefined,
    answer: undefined,
    tries: 0,
    stop: server.stop,
  };
  return smsServer;
}

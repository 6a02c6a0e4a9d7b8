import { type HttpReply, jsonReply } from '../http/http-server.js';

/** A refusal as Twilio words it: https://www.twilio.com/docs/usage/twilios-response#response-formats-exceptions */
export function twilioError(status: number, code: number, message: string): HttpReply {
  return jsonReply(status, { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status });
}

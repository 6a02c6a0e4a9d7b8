import type { HttpReply } from '../http/http-server.js';
import { twilioError } from './twilio-error.js';

/** What a request asks to be sent. */
export interface NewSms {
  readonly to: string;
  readonly from: string | null;
  readonly messagingServiceSid: string | null;
  readonly body: string;
}

/** Twilio's magic numbers, which fail without a network: https://www.twilio.com/docs/iam/test-credentials */
const MAGIC_RECIPIENTS = new Map<string, readonly [code: number, message: (to: string) => string]>([
  ['+15005550001', [21211, invalidRecipient]],
  ['+15005550002', [21612, (to) => `The message cannot be sent with the combination of 'To' (${to}) and 'From'.`]],
  ['+15005550003', [21408, (to) => `Permission to send an SMS has not been enabled for the region of ${to}.`]],
  ['+15005550004', [21610, () => 'Attempt to send to unsubscribed recipient']],
  ['+15005550009', [21614, (to) => `'To' number: ${to}, is not a valid mobile number`]],
]);

const PHONE_NUMBER = /^\+[1-9]\d{6,14}$/;
const SHORT_CODE = /^\d{3,8}$/;
const SENDER_NAME = /^(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11}$/;
const MESSAGING_SERVICE = /^MG[0-9a-fA-F]{32}$/;
/** https://www.twilio.com/docs/errors/21617 */
const LONGEST_BODY = 1_600;

/** Reads the form of a `POST …/Messages.json`; a reply is Twilio's refusal of it. */
export function readNewSms(form: URLSearchParams): NewSms | HttpReply {
  const to = form.get('To')?.trim() ?? '';
  const from = form.get('From')?.trim() || null;
  const messagingServiceSid = form.get('MessagingServiceSid')?.trim() || null;
  const body = form.get('Body') ?? '';

  if (to === '') return twilioError(400, 21604, "A 'To' phone number is required.");
  const magic = MAGIC_RECIPIENTS.get(to);
  if (magic) return twilioError(400, magic[0], magic[1](to));
  if (!PHONE_NUMBER.test(to)) return twilioError(400, 21211, invalidRecipient(to));

  if (from === null && messagingServiceSid === null) {
    return twilioError(400, 21603, "A 'From' phone number is required.");
  }
  if (from !== null && !isSender(from)) {
    const message = `The 'From' number ${from} is not a valid phone number, shortcode, or alphanumeric sender ID.`;
    return twilioError(400, 21212, message);
  }
  if (messagingServiceSid !== null && !MESSAGING_SERVICE.test(messagingServiceSid)) {
    return twilioError(400, 21701, `The Messaging Service does not exist: ${messagingServiceSid}`);
  }

  if (body === '') return twilioError(400, 21602, 'Message body is required.');
  if ([...body].length > LONGEST_BODY) {
    return twilioError(400, 21617, `The concatenated message body exceeds the ${LONGEST_BODY} character limit.`);
  }
  return { to, from, messagingServiceSid, body };
}

function invalidRecipient(to: string): string {
  return `The 'To' number ${to} is not a valid phone number.`;
}

function isSender(from: string): boolean {
  return from !== '+15005550001' && [PHONE_NUMBER, SHORT_CODE, SENDER_NAME].some((form) => form.test(from));
}

import { z } from 'zod';
import { isEmailAddress } from '../addresses/email-address.js';
import { isPhoneNumber } from '../addresses/phone-number.js';
import { pageLimit } from '../lists/page.js';
import { VARIABLE_NAME } from '../templates/render.js';
import { templateId } from '../templates/template.schemas.js';
import { bodyText, channel, contentIssues, subjectText } from './text.js';

type Channel = z.output<typeof channel>;

const variables = z.record(
  z.string().regex(VARIABLE_NAME, 'A name of letters, digits, "_", "-" and ".".'),
  z.union(
    [z.string().max(10_000), z.number(), z.boolean()],
    'A text of at most 10000 characters, a number or a boolean.',
  ),
);

/** What `POST /messages` takes: a text, or a template and its variables. */
export const createMessage = z
  .strictObject({
    channel: channel.optional().describe('Needed without a template.'),
    to: z.string().max(254).describe('An email address, or a phone number as E.164 has it.'),
    subject: subjectText.optional().describe('Of an email.'),
    body: bodyText.optional(),
    templateId: templateId.optional(),
    variables: variables.optional(),
  })
  .superRefine((message, context) => {
    const refuse = (key: string, text: string) => context.addIssue({ code: 'custom', path: [key], message: text });
    if (message.templateId !== undefined) {
      for (const key of ['subject', 'body'] as const) {
        if (message[key] !== undefined) refuse(key, 'The template has it; send one or the other.');
      }
    } else {
      if (message.variables !== undefined) refuse('variables', 'They are for a template: name it in templateId.');
      if (message.channel === undefined) refuse('channel', '"email" or "sms", or name a template in templateId.');
      if (message.body === undefined) refuse('body', 'A text, or name a template in templateId.');
      if (message.channel) {
        for (const issue of contentIssues({ ...message, channel: message.channel })) refuse(issue.key, issue.message);
      }
    }
    const recipient = message.channel && recipientIssue(message.channel, message.to);
    if (recipient) refuse('to', recipient);
  })
  .meta({ example: { channel: 'email', to: 'ada@example.com', subject: 'Hello', body: 'Hello Ada!' } });

export type CreateMessage = z.output<typeof createMessage>;

/** What is wrong with a recipient; `undefined` where nothing is. */
export function recipientIssue(channel: Channel, to: string): string | undefined {
  if (channel === 'email') return isEmailAddress(to) ? undefined : 'An email address, such as ada@example.com.';
  return isPhoneNumber(to) ? undefined : 'A phone number with + and its country, such as +14155550123.';
}

export const messageId = z.uuid();

/** The query of `GET /messages`. Not strict: `tenant_id` may stand there too. */
export const listMessages = z.object({
  limit: pageLimit,
  cursor: z.uuid().optional().describe('`next` of the page before.'),
});

export type ListMessages = z.output<typeof listMessages>;

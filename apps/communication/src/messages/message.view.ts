import type { Message } from 'communication-schema';
import { z } from 'zod';
import { channel } from './text.js';

const summary = z.object({
  id: z.uuid(),
  channel,
  to: z.string(),
  from: z.string().nullable().describe('What it was sent from.'),
  subject: z.string().nullable(),
  templateId: z.string().nullable(),
  status: z.enum(['queued', 'sent', 'failed']),
  createdAt: z.iso.datetime(),
  sentAt: z.iso.datetime().nullable(),
});

export const acceptedView = z.object({ id: z.uuid(), status: z.literal('queued') });
export const messageList = z.object({
  messages: z.array(summary),
  next: z.uuid().optional().describe('The cursor of the next page; absent on the last one.'),
});
export const messageView = summary.extend({
  body: z.string(),
  attempts: z.array(
    z.object({ at: z.iso.datetime(), outcome: z.enum(['sent', 'failed']), error: z.string().nullable() }),
  ),
});

type Summary = Pick<Message, keyof z.output<typeof summary>>;

/** What is read of a message for a list: the bodies of a page are megabytes. */
export const summaryFields = Object.keys(summary.shape);

/** What a list shows of a message. */
export function summaryOf({ id, channel, to, from, subject, templateId, status, createdAt, sentAt }: Summary): Summary {
  return { id, channel, to, from, subject, templateId, status, createdAt, sentAt };
}

/** All that a message shows of itself. */
export function viewOf(message: Message) {
  const attempts = message.attempts.map(({ at, outcome, error }) => ({ at, outcome, error }));
  return { ...summaryOf(message), body: message.body, attempts };
}

import { z } from 'zod';

/** The longest subject, in characters. */
export const MAX_SUBJECT_CHARACTERS = 255;
/** The largest body of an email, in bytes, and of a text message, in characters (Twilio's own limit). */
export const MAX_BODY_BYTES = 100_000;
export const MAX_SMS_CHARACTERS = 1_600;

export const SUBJECT_TOO_LONG = `At most ${MAX_SUBJECT_CHARACTERS} characters.`;
export const BODY_TOO_LONG = `At most ${MAX_BODY_BYTES} bytes.`;

/** One line: a line break in a subject would begin a header of its own. */
export const subjectText = z
  .string()
  .min(1)
  .max(MAX_SUBJECT_CHARACTERS, SUBJECT_TOO_LONG)
  .regex(/^\P{Cc}*$/u, 'One line, without control characters.');

export const bodyText = z
  .string()
  .min(1)
  .refine((text) => Buffer.byteLength(text) <= MAX_BODY_BYTES, BODY_TOO_LONG)
  // PostgreSQL cannot keep it.
  .refine((text) => !text.includes('\0'), 'No NUL character.');

export const channel = z.enum(['email', 'sms']);

interface Content {
  readonly channel: z.output<typeof channel>;
  readonly subject?: string | null;
  readonly body?: string;
}

/** What a channel asks of subject and body beyond their form. */
export function contentIssues({ channel, subject, body }: Content): Array<{ key: string; message: string }> {
  const issues = [];
  if (channel === 'email' && subject === undefined) issues.push({ key: 'subject', message: 'An email has a subject.' });
  if (channel === 'sms') {
    if (subject !== undefined) issues.push({ key: 'subject', message: 'A text message has no subject.' });
    if ((body ?? '').length > MAX_SMS_CHARACTERS) {
      issues.push({ key: 'body', message: `A text message has at most ${MAX_SMS_CHARACTERS} characters.` });
    }
  }
  return issues;
}

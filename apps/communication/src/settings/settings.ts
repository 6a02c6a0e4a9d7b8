import { z } from 'zod';
import { isEmailAddress } from '../addresses/email-address.js';
import { parseMailbox } from '../addresses/mailbox.js';
import { isPhoneNumber } from '../addresses/phone-number.js';

/** An address, or `Name <address>`. */
export const emailSender = z
  .string()
  .max(320)
  .refine((value) => parseMailbox(value) !== undefined, 'An email address, or "Name <address>".')
  .meta({ example: 'Acme <hello@acme.example>' });

const emailAddress = z.string().max(254).refine(isEmailAddress, 'An email address, such as support@acme.example.');

/** A phone number, or a name that phones show instead of one. */
export const smsSender = z
  .string()
  .refine(
    (value) => isPhoneNumber(value) || /^(?=.*[A-Za-z])[A-Za-z0-9]{1,11}$/.test(value),
    'A phone number such as +15005550006, or 1 to 11 letters and digits with at least one letter.',
  )
  .meta({ example: 'ACME' });

/** What a tenant may set. Strict: a key that is not here is refused. */
export const settingsSchema = z.strictObject({
  'email.from': emailSender.optional().describe('Who its emails are from: an address, or "Name <address>".'),
  'email.replyTo': emailAddress.optional().describe('Where answers to its emails go.'),
  'email.footer': z
    .string()
    .max(2_000)
    .refine((text) => !text.includes('\0'), 'No NUL character.')
    .optional()
    .describe('A text that ends each of its emails.'),
  'email.enabled': z.boolean().optional().describe('Whether it sends email.'),
  'sms.senderId': smsSender.optional().describe('Who its text messages are from: a phone number or a short name.'),
  'sms.enabled': z.boolean().optional().describe('Whether it sends text messages.'),
});

export type Settings = z.output<typeof settingsSchema>;

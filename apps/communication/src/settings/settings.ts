import { secretSettings } from 'communication-schema';
import type { Secret, TenantConfigKey, TenantConfigValue } from 'nestjs-tenancy';
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

/** A host name or an address. Whether it may be connected to is seen when it is. */
const host = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9._:-]+$/, 'A host name such as mail.acme.example.');

// Neither may end a command of SMTP and begin another one.
const credential = z
  .string()
  .min(1)
  .max(500)
  .regex(/^\P{Cc}*$/u, 'No control characters.');

/** What a tenant may set. Strict: a key that is not here is refused. */
export const settingsSchema = z
  .strictObject({
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
    'smtp.host': host
      .optional()
      .describe('Its own mail server; without one its emails go through that of the service.'),
    'smtp.port': z.int().min(1).max(65_535).optional().describe('587, or 465 with "tls", unless it is set.'),
    'smtp.security': z.enum(['starttls', 'tls']).optional().describe('How TLS begins. "starttls" unless it is set.'),
    'smtp.user': credential.optional().describe('Who logs in there.'),
    'smtp.password': credential.optional().describe('Shown as "[secret]", and needed again with another server.'),
  })
  .refine((settings) => settings['smtp.user'] === undefined || settings['smtp.host'] !== undefined, {
    path: ['smtp.user'],
    message: 'Belongs to a mail server: set smtp.host.',
  })
  .refine((settings) => (settings['smtp.user'] === undefined) === (settings['smtp.password'] === undefined), {
    path: ['smtp.user'],
    message: 'Set smtp.user and smtp.password together.',
  });

/** The settings as the service reads them: a secret is opened where it is used. */
export type Settings = Omit<z.output<typeof settingsSchema>, 'smtp.password'> & { 'smtp.password'?: Secret };

/** A change of them. */
export type SettingsChange = { readonly [K in keyof Settings]?: TenantConfigValue<Settings[K]> | null };

/** The settings that there are. What else is stored for a tenant is nobody's. */
export const settingKeys: Readonly<Record<string, TenantConfigKey>> = Object.fromEntries(
  Object.keys(settingsSchema.shape).map((key) => [key, { secret: secretSettings.includes(key) }]),
);

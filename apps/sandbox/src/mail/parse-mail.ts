import { randomBytes } from 'node:crypto';
import { type AddressObject, type Attachment, type EmailAddress, type ParsedMail, simpleParser } from 'mailparser';
import type { CaughtMail, MailAddress, MailAttachment } from './caught-mail.js';

export interface MailEnvelope {
  readonly from: string;
  readonly to: readonly string[];
}

/** Reads a message as it came over SMTP. One that cannot be read is kept too, its source as its text. */
export async function parseMail(source: Buffer, envelope: MailEnvelope): Promise<CaughtMail> {
  const parsed = await simpleParser(source, { keepCidLinks: true, skipTextToHtml: true }).catch(
    (): Partial<ParsedMail> => ({ text: source.toString('utf8') }),
  );
  const created = new Date();
  const [to, cc, bcc] = [addresses(parsed.to), addresses(parsed.cc), addresses(parsed.bcc)];
  const named = new Set([...to, ...cc, ...bcc].map(({ address }) => address.toLowerCase()));
  const hidden = envelope.to.filter((address) => !named.has(address.toLowerCase()));
  return {
    id: randomBytes(11).toString('hex'),
    messageId: (parsed.messageId ?? '').replace(/^<|>$/g, ''),
    from: addresses(parsed.from)[0] ?? { name: '', address: envelope.from },
    to,
    cc,
    bcc: [...bcc, ...hidden.map((address) => ({ name: '', address }))],
    replyTo: addresses(parsed.replyTo),
    returnPath: envelope.from,
    subject: parsed.subject ?? '',
    created,
    date: isValid(parsed.date) ? parsed.date : created,
    text: parsed.text ?? '',
    html: parsed.html || '',
    attachments: (parsed.attachments ?? []).map(toAttachment),
    size: source.length,
    read: false,
  };
}

function addresses(header: AddressObject | AddressObject[] | undefined): MailAddress[] {
  return [header ?? []].flat().flatMap(({ value }) => value.flatMap(flatten));
}

/** A group ("Team: a@example.com, b@example.com;") is its members. */
function flatten({ name, address, group }: EmailAddress): MailAddress[] {
  return group ? group.flatMap(flatten) : [{ name, address: address ?? '' }];
}

function isValid(date: Date | undefined): date is Date {
  return date !== undefined && !Number.isNaN(date.getTime());
}

function toAttachment(attachment: Attachment, index: number): MailAttachment {
  return {
    partId: attachment.partId ?? String(index + 1),
    fileName: attachment.filename ?? '',
    contentType: attachment.contentType,
    contentId: attachment.cid ?? '',
    inline: attachment.related ?? false,
    size: attachment.size,
  };
}

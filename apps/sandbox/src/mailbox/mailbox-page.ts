import type { HttpReply } from '../http/http-server.js';
import type { CaughtMail, MailAddress } from '../mail/caught-mail.js';
import type { CaughtSms } from '../sms/caught-sms.js';
import { type Markup, markup } from './markup.js';
import { emptyList, listEntry, messageList } from './message-list.js';
import { type Mailbox, page } from './page-frame.js';
import { time } from './time.js';

/** The page at `/`, with the mail that was chosen. */
export function mailPage(mailbox: Mailbox, id: string | null): HttpReply {
  const chosen = mailbox.mails.find((mail) => mail.id === id);
  if (chosen) chosen.read = true;
  const toEntry = (mail: CaughtMail) =>
    listEntry({
      href: `/?id=${mail.id}`,
      chosen: mail === chosen,
      read: mail.read,
      title: mail.subject || '(no subject)',
      from: toText([mail.from]),
      to: toText([...mail.to, ...mail.cc, ...mail.bcc]),
      created: mail.created,
    });
  return page(mailbox, {
    title: 'Mail',
    list: messageList(mailbox.mails, toEntry) ?? emptyList('mail', 'email', 'in anybody’s inbox'),
    shown: chosen && shownMail(chosen),
  });
}

/** The page at `/sms`, with the text message that was chosen. */
export function smsPage(mailbox: Mailbox, sid: string | null): HttpReply {
  const chosen = mailbox.sms.find((sms) => sms.sid === sid);
  const toEntry = (sms: CaughtSms) =>
    listEntry({
      href: `/sms?sid=${sms.sid}`,
      chosen: sms === chosen,
      read: true,
      title: sms.body,
      from: senderOf(sms),
      to: sms.to,
      created: sms.created,
    });
  return page(mailbox, {
    title: 'SMS',
    list: messageList(mailbox.sms, toEntry) ?? emptyList('SMS', 'sms', 'on anybody’s phone'),
    shown: chosen && shownSms(chosen),
  });
}

type Field = readonly [name: string, value: string];

function shownMail(mail: CaughtMail): Markup {
  const fields: Field[] = [
    ['From', toText([mail.from])],
    ['To', toText(mail.to)],
    ['Cc', toText(mail.cc)],
    ['Bcc', toText(mail.bcc)],
    ['Reply to', toText(mail.replyTo)],
    ['Attached', mail.attachments.map(({ fileName, contentType }) => fileName || contentType).join(', ')],
  ];
  return markup`
        <h2>${mail.subject || '(no subject)'}</h2>
        ${description(fields, mail.created)}
        <pre>${mail.text}</pre>
        ${mail.html === '' ? '' : shownHtml(mail.html)}`;
}

/** An empty `sandbox` forbids scripts, forms, other windows and access to this page. */
function shownHtml(content: string): Markup {
  return markup`<details>
          <summary>As HTML</summary>
          <iframe title="The mail as HTML" sandbox="" srcdoc="${content}"></iframe>
        </details>`;
}

function shownSms(sms: CaughtSms): Markup {
  const fields: Field[] = [
    ['From', senderOf(sms)],
    ['To', sms.to],
  ];
  return markup`
        <h2>SMS to ${sms.to}</h2>
        ${description(fields, sms.created)}
        <pre>${sms.body}</pre>`;
}

function description(fields: readonly Field[], created: Date): Markup {
  const given = fields.filter(([, value]) => value !== '');
  return markup`<dl>${given.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}
          <dt>Caught</dt><dd>${time(created)}</dd></dl>`;
}

function senderOf(sms: CaughtSms): string {
  return sms.from ?? sms.messagingServiceSid ?? '';
}

function toText(addresses: readonly MailAddress[]): string {
  return addresses.map(({ name, address }) => (name === '' ? address : `${name} <${address}>`)).join(', ');
}

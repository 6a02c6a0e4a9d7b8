import { type HttpReply, type HttpRequest, jsonReply } from '../http/http-server.js';
import { wholeNumber } from '../http/whole-number.js';
import type { CaughtMail, MailAddress, MailAttachment } from '../mail/caught-mail.js';
import type { RecentMessages } from '../recent-messages.js';

/**
 * Mailpit's API over what was caught, so that a test written for one runs against the other:
 * https://mailpit.axllent.org/docs/api-v1/. Undefined for a path that is none of its.
 */
export function answerAsMailpit(request: HttpRequest, mails: RecentMessages<CaughtMail>): HttpReply | undefined {
  const { method, path, query } = request;
  if (path === '/livez' || path === '/readyz') return { status: 200, body: '' };
  if (path === '/api/v1/info') return jsonReply(200, toInfo(mails.all()));
  if (path === '/api/v1/messages') {
    if (method === 'GET') return jsonReply(200, toPage(mails.all(), query));
    if (method === 'DELETE') return remove(request.body, mails);
    return plain(405, 'Method not allowed');
  }
  const id = /^\/api\/v1\/message\/([^/]+)$/.exec(path)?.[1];
  if (id === undefined) return undefined;
  const mail = mails.all().find((each) => each.id === id || id === 'latest');
  if (!mail) return plain(404, 'Message not found');
  mail.read = true;
  return jsonReply(200, toMessage(mail));
}

export function plain(status: number, body: string): HttpReply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

function toInfo(mails: readonly CaughtMail[]) {
  return { Version: 'sandbox', Messages: mails.length, Unread: countUnread(mails), Tags: {} };
}

function toPage(mails: readonly CaughtMail[], query: URLSearchParams) {
  const start = wholeNumber(query.get('start')) ?? 0;
  const limit = wholeNumber(query.get('limit')) ?? 50;
  const unread = countUnread(mails);
  // Mailpit takes the limit 0 for none, and then the start for nothing.
  const messages = limit === 0 ? mails : mails.slice(start, start + limit);
  return {
    total: mails.length,
    unread,
    count: messages.length,
    messages_count: mails.length,
    messages_unread: unread,
    start,
    tags: [],
    messages: messages.map(toSummary),
  };
}

function toSummary(mail: CaughtMail) {
  return {
    ID: mail.id,
    MessageID: mail.messageId,
    Read: mail.read,
    ...toHeader(mail),
    Created: mail.created.toISOString(),
    Username: '',
    Tags: [],
    Size: mail.size,
    Attachments: mail.attachments.filter(({ inline }) => !inline).length,
    Snippet: toSnippet(mail.text),
  };
}

function toMessage(mail: CaughtMail) {
  return {
    ID: mail.id,
    MessageID: mail.messageId,
    ...toHeader(mail),
    ReturnPath: mail.returnPath,
    ListUnsubscribe: { Header: '', Links: [], Errors: '', HeaderPost: '' },
    Date: mail.date.toISOString(),
    Tags: [],
    Username: '',
    Text: mail.text,
    HTML: mail.html,
    Size: mail.size,
    Inline: mail.attachments.filter(({ inline }) => inline).map(toAttachment),
    Attachments: mail.attachments.filter(({ inline }) => !inline).map(toAttachment),
  };
}

function toHeader(mail: CaughtMail) {
  return {
    From: toAddress(mail.from),
    To: mail.to.map(toAddress),
    Cc: mail.cc.map(toAddress),
    Bcc: mail.bcc.map(toAddress),
    ReplyTo: mail.replyTo.map(toAddress),
    Subject: mail.subject,
  };
}

function toAddress({ name, address }: MailAddress) {
  return { Name: name, Address: address };
}

function toAttachment({ partId, fileName, contentType, contentId, size }: MailAttachment) {
  return { PartID: partId, FileName: fileName, ContentType: contentType, ContentID: contentId, Size: size };
}

function toSnippet(text: string): string {
  const characters = [...text.replace(/\s+/g, ' ').trim()];
  return characters.length <= 200 ? characters.join('') : `${characters.slice(0, 200).join('')}...`;
}

/** Those the body names, `{ "IDs": [...] }`, or all. */
function remove(body: string, mails: RecentMessages<CaughtMail>): HttpReply {
  const ids = readIds(body);
  mails.remove(({ id }) => ids.length === 0 || ids.includes(id));
  return plain(200, 'ok');
}

function readIds(body: string): unknown[] {
  try {
    const { IDs: ids } = JSON.parse(body) as { IDs?: unknown };
    return Array.isArray(ids) ? ids : [];
  } catch {
    return [];
  }
}

function countUnread(mails: readonly CaughtMail[]): number {
  return mails.filter(({ read }) => !read).length;
}

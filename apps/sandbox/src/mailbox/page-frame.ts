import { createHash } from 'node:crypto';
import type { HttpReply } from '../http/http-server.js';
import type { CaughtMail } from '../mail/caught-mail.js';
import type { CaughtSms } from '../sms/caught-sms.js';
import { MAILBOX_SCRIPT } from './mailbox-script.js';
import { MAILBOX_STYLE } from './mailbox-style.js';
import { attribute, Markup, markup } from './markup.js';

const SCRIPT_HASH = createHash('sha256').update(MAILBOX_SCRIPT).digest('base64');
/** A mail's HTML is shown under this too: none of its scripts run, and nothing is loaded from anywhere. */
const POLICY = [
  "default-src 'none'",
  `script-src 'sha256-${SCRIPT_HASH}'`,
  "style-src 'unsafe-inline'",
  'img-src data:',
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What was caught, newest first. */
export interface Mailbox {
  readonly mails: readonly CaughtMail[];
  readonly sms: readonly CaughtSms[];
}

export interface PageContent {
  readonly title: 'Mail' | 'SMS';
  readonly list: Markup;
  readonly shown: Markup | undefined;
}

/** The page with its two tabs: a list on the left, what was chosen from it on the right. */
export function page({ mails, sms }: Mailbox, { title, list, shown }: PageContent): HttpReply {
  const tab = (name: string, href: string, count: number) =>
    markup`<a href="${href}"${attribute('aria-current="page"', name === title)}>${name} (${count})</a>`;
  const { text } = markup`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title} (${title === 'Mail' ? mails.length : sms.length}) – sandbox mailbox</title>
    <link rel="icon" href="data:,">
    <style>${new Markup(MAILBOX_STYLE)}</style>
  </head>
  <body>
    <header>
      <h1>Sandbox mailbox</h1>
      <nav id="tabs" aria-label="What was caught">${tab('Mail', '/', mails.length)}${tab('SMS', '/sms', sms.length)}</nav>
      <p id="offline" role="status"></p>
    </header>
    <main>
      <section id="list" aria-label="${title}">${list}</section>
      <section id="shown" aria-label="Message">${shown ?? markup`<p>Choose a message to read it.</p>`}</section>
    </main>
    <script>${new Markup(MAILBOX_SCRIPT)}</script>
  </body>
</html>
`;
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      'referrer-policy': 'no-referrer',
    },
    body: text,
  };
}

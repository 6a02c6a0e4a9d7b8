import { attribute, type Markup, markup } from './markup.js';
import { time } from './time.js';

/** More than anybody reads, and few enough to fetch again and again. */
const LISTED = 200;

/** Undefined when there are none. */
export function messageList<T>(messages: readonly T[], toEntry: (message: T) => Markup): Markup | undefined {
  if (messages.length === 0) return undefined;
  const more = messages.length - LISTED;
  return markup`<ol>${messages.slice(0, LISTED).map(toEntry)}
      </ol>${more > 0 ? markup`<p>${more} older ones are not listed.</p>` : ''}`;
}

export function emptyList(name: string, channel: string, otherwise: string): Markup {
  return markup`<p><strong>No ${name} yet.</strong></p>
        <p>Send a message with <code>"channel": "${channel}"</code>. It appears here instead of ${otherwise}.</p>`;
}

export interface ListEntry {
  readonly href: string;
  readonly chosen: boolean;
  readonly read: boolean;
  readonly title: string;
  readonly from: string;
  readonly to: string;
  readonly created: Date;
}

export function listEntry({ href, chosen, read, title, from, to, created }: ListEntry): Markup {
  return markup`
        <li><a href="${href}"${attribute('aria-current="true"', chosen)}>
          <span class="title">${read ? title : markup`<strong>${title}</strong>`}</span> ${time(created)}
          <span class="between">${from} → ${to}</span>
        </a></li>`;
}

import { type Markup, markup } from './markup.js';

/** In the time zone of the machine that runs the sandbox, which is the reader's. */
export function time(date: Date): Markup {
  return markup`<time datetime="${date.toISOString()}">${date.toLocaleString('sv-SE')}</time>`;
}

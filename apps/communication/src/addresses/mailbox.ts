import { isEmailAddress } from './email-address.js';

export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

// A name with a line break would begin a header of its own; one with < or > could hold a second address.
const NAMED = /^"?([^"<>\p{Cc}]{0,100}?)"?\s*<([^<>\s]+)>$/u;

/** Reads an address or `Name <address>`; `undefined` for anything else. */
export function parseMailbox(text: string): Mailbox | undefined {
  const [, name, address] = NAMED.exec(text) ?? ['', '', text];
  return isEmailAddress(address) ? { name: name.trim(), address } : undefined;
}

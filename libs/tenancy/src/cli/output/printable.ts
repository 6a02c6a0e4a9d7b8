// C0 without the line feed, DEL and C1: what a terminal would obey. And what turns the direction of the text around it.
// oxlint-disable-next-line no-control-regex -- these are what it looks for
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A text that somebody else has written, with nothing in it that a terminal would obey. */
export function printable(text: string): string {
  return text.replace(OBEYED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Markup that goes into a page as it is. */
export class Markup {
  constructor(readonly text: string) {}
}

type Value = string | number | Markup | readonly Markup[];

/**
 * A template whose values are escaped, so that what was caught is shown and never run. Its name is not `html`: formatters
 * take templates of that name for theirs, and what they add to the page's script makes its hash a wrong one.
 */
export function markup(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(strings.reduce((text, next, index) => text + toText(values[index - 1]) + next));
}

/** A constant attribute that is there or not. */
export function attribute(text: string, present: boolean): Markup {
  return new Markup(present ? ` ${text}` : '');
}

function toText(value: Value): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(({ text }) => text).join('');
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

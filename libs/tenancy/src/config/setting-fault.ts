/** What is wrong with one setting. The message is shown: it never has the value of a secret in it. */
export interface SettingIssue {
  readonly key: string;
  readonly message: string;
}

/** Thrown and caught within this folder: it becomes a `SettingIssue` of the setting that is being read or stored. */
export class SettingFault extends Error {}

const MAX_ISSUES = 20;
const MAX_KEY = 200;
const MAX_MESSAGE = 500;

/** What is told of a refused change: thousands of keys may be refused, and a schema’s message may list them all again. */
export function told(issues: readonly SettingIssue[]): SettingIssue[] {
  const first = issues.slice(0, MAX_ISSUES).map(({ key, message }) => ({
    key: cut(key, MAX_KEY),
    message: cut(message, MAX_MESSAGE),
  }));
  const more = issues.length - first.length;
  return more === 0 ? first : [...first, { key: '', message: `${more} more.` }];
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

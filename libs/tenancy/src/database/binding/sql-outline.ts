/**
 * The text of a statement with a blank in place of each comment, literal, dollar-quoted body and quoted name: what is left
 * of it are its words and its semicolons. Follows PostgreSQL's lexer: comments nest, `''` is a quote within a literal, a
 * backslash escapes only in `E'…'` and in what continues it on the next line, and a `$` within a name opens nothing.
 *
 * @param keepsNames leaves quoted names as they are: a function may be called by one
 */
export function outline(sql: string, keepsNames = false): string {
  const opening = /--|\/\*|["'$]/g;
  const parts: string[] = [];
  let at = 0;
  for (let found = opening.exec(sql); found; found = opening.exec(sql)) {
    const end = endOfOpaque(sql, found.index);
    if (end === found.index) continue;
    opening.lastIndex = end;
    if (keepsNames && found[0] === '"') continue;
    parts.push(sql.slice(at, found.index), ' ');
    at = end;
  }
  parts.push(sql.slice(at));
  return parts.join('');
}

// What may stand between two pieces of one literal: a line's end, and blanks and comments around it.
const CONTINUATION = /[ \t\f\v]*(?:--[^\n\r]*)?[\n\r](?:[ \t\f\v\n\r]|--[^\n\r]*[\n\r])*'/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const IN_NAME = /[\w$\u0080-\uffff]/;

/** Where the comment, literal, body or quoted name that begins here ends; the same place where none begins. */
function endOfOpaque(sql: string, at: number): number {
  const two = sql.slice(at, at + 2);
  if (two === '--') return after(sql, /[\r\n]/g, at);
  if (two === '/*') return endOfComment(sql, at);
  const character = sql[at];
  if (character === '"') return endOfQuoted(sql, at, '"', false);
  if (character === "'") {
    const isEscape = /[eE]/.test(sql[at - 1] ?? '') && !IN_NAME.test(sql[at - 2] ?? '');
    return isEscape ? endOfEscapeLiteral(sql, at) : endOfQuoted(sql, at, "'", false);
  }
  if (character === '$' && !IN_NAME.test(sql[at - 1] ?? '')) return endOfDollarQuoted(sql, at);
  return at;
}

function endOfComment(sql: string, start: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = start;
  let depth = 0;
  for (let found = mark.exec(sql); found; found = mark.exec(sql)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return sql.length;
}

function endOfQuoted(sql: string, start: number, quote: string, escapes: boolean): number {
  let at = start + 1;
  while (at < sql.length) {
    if (escapes && sql[at] === '\\') at += 2;
    else if (sql[at] !== quote) at += 1;
    else if (sql[at + 1] === quote) at += 2;
    else return at + 1;
  }
  return sql.length;
}

function endOfEscapeLiteral(sql: string, start: number): number {
  let end = endOfQuoted(sql, start, "'", true);
  for (let next = matchAt(CONTINUATION, sql, end); next; next = matchAt(CONTINUATION, sql, end)) {
    end = endOfQuoted(sql, end + next.length - 1, "'", true);
  }
  return end;
}

function endOfDollarQuoted(sql: string, start: number): number {
  const tag = matchAt(DOLLAR_TAG, sql, start);
  if (!tag) return start;
  const end = sql.indexOf(tag, start + tag.length);
  return end === -1 ? sql.length : end + tag.length;
}

function matchAt(sticky: RegExp, sql: string, at: number): string | undefined {
  sticky.lastIndex = at;
  return sticky.exec(sql)?.[0];
}

function after(sql: string, mark: RegExp, start: number): number {
  mark.lastIndex = start;
  return mark.exec(sql) ? mark.lastIndex : sql.length;
}

import { outline } from './sql-outline.js';

// PostgreSQL's blanks: of what else JavaScript calls one, PostgreSQL makes names.
const BLANKS = /[ \t\n\v\f\r]+/g;
const LETTERS_OF_NAMES = /[\u0080-\uffff]/g;
const MAKES_ROUTINE = /^create (?:or replace )?(?:function|procedure)\b/;
const ENDS_BODY = /^end\b/;
// What stands between it and its statement. Options in parentheses begin with no word that a query begins with.
const EXPLAIN = /^explain\b ?(?:\( ?(?!(?:select|with|values|table)\b)[^()]*\) ?|(?:analy[sz]e\b ?)?(?:verbose\b ?)?)/;

/**
 * The statements of a text as their outline has them, in lower case, with one blank between words and a `_` for each
 * letter that occurs in names only. What stands between BEGIN ATOMIC and its END, in the body of a function, is no statement
 * of its own.
 */
export function splitStatements(sql: string): string[] {
  const statements: string[] = [];
  let isInBody = false;
  for (const piece of outline(sql).replace(LETTERS_OF_NAMES, '_').toLowerCase().split(';')) {
    const text = piece.replace(BLANKS, ' ').trim();
    if (isInBody) {
      statements.push(`${statements.pop()}; ${text}`);
      isInBody = !ENDS_BODY.test(text);
      continue;
    }
    if (text !== '') statements.push(text);
    isInBody = opensBody(text);
  }
  return statements;
}

/** One of them without the EXPLAIN before it, which may run it, and the parentheses round it. */
export function unwrapped(statement: string): string {
  return statement.replace(EXPLAIN, '').replace(/^[( ]+/, '');
}

/** A parameter may be called `begin`, and its type `atomic`. */
function opensBody(statement: string): boolean {
  if (!MAKES_ROUTINE.test(statement)) return false;
  const body = /\bbegin atomic\b ?(.*)/.exec(withoutParentheses(statement))?.[1];
  return body !== undefined && !ENDS_BODY.test(body);
}

function withoutParentheses(statement: string): string {
  let depth = 0;
  return statement.replace(/[()]|[^()]+/g, (part) => {
    if (part === '(') depth += 1;
    else if (part === ')') depth -= 1;
    else return depth === 0 ? part : ' ';
    return ' ';
  });
}

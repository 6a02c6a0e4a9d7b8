/** The text of a statement without its comments, literals, bodies and quoted names. */
export type Outline = (sql: string) => string;

// All that is known to be one and the same thing in a transaction of several statements and in one statement after another.
const PLAIN =
  /^(?:create|alter|drop|comment on|grant|revoke|insert|update|delete|merge|with|select|values|truncate|refresh|do)\b/;
// What is not for a transaction, or is the session's rather than the schema's.
const OTHER = /\bconcurrently\b|set_config|\btemp(?:orary)?\b|pg_temp|advisory|\bcurrval\b|\blastval\b/;

/** Why SQL cannot be sent together with other; `undefined` where it can. */
export function notPlain(sql: string, outline: Outline): string | undefined {
  const statements = outline(sql)
    .toLowerCase()
    .split(';')
    .map((text) => text.replace(/\s+/g, ' ').trim())
    .filter((text) => text !== '');
  const strange = statements.find((text) => !PLAIN.test(text));
  if (strange !== undefined) return `It sends ${strange.slice(0, 40)}.`;
  // In literals and bodies too: a word too many costs time and nothing else.
  const word = OTHER.exec(sql.toLowerCase())?.[0];
  return word === undefined ? undefined : `Its SQL has the word ${word}.`;
}

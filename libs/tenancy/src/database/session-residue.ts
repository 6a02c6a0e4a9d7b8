import { BoundedMap } from '../tenants/bounded-map.js';

// Statements that begin like this leave nothing in the session, unless they contain one of the words below. Everything
// else (SET, LISTEN, DO, CALL, PREPARE, DECLARE, LOAD, …) is taken to leave something.
const HARMLESS = new RegExp(
  '^(?:select|insert|update|delete|with|values|merge|begin|start|commit|rollback|savepoint|release|alter|create|drop' +
    '|comment|grant|revoke|truncate|lock|explain|show|analyze|vacuum|reindex|notify|copy' +
    '|set\\s+(?:local|transaction|constraints))\\b',
);
// Literals and quoted names are not taken out first: telling where a literal ends is where such filters are fooled,
// and a word too many costs no more than one DISCARD ALL.
const LEAVES_RESIDUE =
  /set_config|advisory|\btemp\b|temporary|pg_temp|\bsession\b|\blisten\b|\bhold\b|\bset\s+(?!local\b|transaction\b|constraints\b)|u&"|;\s*\S/;
const LEADING = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|\()+/;
// UPDATE … SET, ON CONFLICT DO UPDATE SET and ALTER TABLE … SET NOT NULL have the word, not the statement.
const HAS_SET_CLAUSE = /^(?:update|insert|with|merge|alter)\b/;

const verdicts = new BoundedMap<string, boolean>(2_000);

/**
 * Whether a statement may leave something in the session for the next one who is given the connection. It errs on the
 * side of yes, which costs one `DISCARD ALL` when the connection is given back. What a function that the statement calls
 * does inside is not seen.
 */
export function leavesResidue(sql: string): boolean {
  const known = verdicts.get(sql);
  if (known !== undefined) return known;
  const verdict = judge(sql);
  // Only what repeats is worth keeping: an ORM's statements do, a bulk insert of a megabyte does not.
  if (sql.length < 4_096) verdicts.set(sql, verdict);
  return verdict;
}

function judge(sql: string): boolean {
  const text = sql.replace(LEADING, '').toLowerCase();
  if (text === '') return false;
  if (!HARMLESS.test(text)) return true;
  return LEAVES_RESIDUE.test(HAS_SET_CLAUSE.test(text) ? text.replace(/\bset\s/g, ' ') : text);
}

import { BoundedMap } from '../../tenants/bounded-map.js';
import { splitStatements, unwrapped } from './split-statements.js';
import { outline } from './sql-outline.js';

// The words that SET and RESET take for the role, or that follow where its name is quoted, and the settings by which the
// server would read a text in another way than it is read here.
const KEPT = new Set([
  'role',
  'session',
  'authorization',
  'session_authorization',
  'all',
  'client_encoding',
  'names',
  'standard_conforming_strings',
  'local',
  'to',
  'from',
]);
const SETTING = /^(?:set(?: local| session)?|reset) ([a-z_][\w$.]*)(?= |=|$)/;
const RUNS_A_BODY = /^(?:do|create (?:or replace )?(?:function|procedure)|alter (?:function|procedure|routine))\b/;
// Looked for in the whole text: a quoted name is a function's name too, and a word too many is only an error that says why.
const RUNS_A_TEXT =
  /\b(set_config|query_to_xml\w*|ts_stat|ts_rewrite|crosstab\w*|connectby|xpath_table|dblink\w*)\b|u&"/;
// The statement that binds and those of `prepare`, which a session has for all tenants.
const OWN_STATEMENT = /\bnestjs_tenancy_(?:bind\b|\d+)/;
// Not within a query: there it may be a column's new name.
const EXECUTES = /^(?:execute\b|create\b(?:(?!\bas ?(?:(?:select|with|values|table)\b|\()).)*\bas execute\b)/;
const CHANGES = /\b(?:update|merge|create)\b/;

const known = new BoundedMap<string, string | false>(2_000);

/**
 * Why a statement might leave the role that its transaction was given; `undefined` where it cannot. The server lets every
 * session go back to its login role, so that what could ask for it is not sent: whatever names the role, and whatever runs
 * a text that is not to be seen in the statement.
 */
export function roleEscapeOf(sql: string): string | undefined {
  const found = known.get(sql) ?? (read(sql) || false);
  if (sql.length < 4_096) known.set(sql, found);
  return found || undefined;
}

function read(sql: string): string | undefined {
  const text = sql.toLowerCase();
  const called = RUNS_A_TEXT.exec(text)?.[0];
  if (called === 'u&"')
    return `A name in U&"…" could be that of what leaves the tenant's role. Write it without escapes.`;
  if (called !== undefined) {
    return `${called}() could leave the tenant's role. Call it in a function that a migration makes, or use SET LOCAL.`;
  }
  const statements = splitStatements(sql).map(unwrapped);
  for (const statement of statements) {
    const reason = reasonOf(statement);
    if (reason !== undefined) return reason;
  }
  const own = OWN_STATEMENT.exec(text)?.[0];
  if (own !== undefined) return `${own} is a statement of the library's own, which says whose a transaction is.`;
  // Its rule sets what it is told, by which the server might read the next text in another way.
  if (/\bpg_settings\b/.test(text) && namesSettings(sql) && statements.some((statement) => CHANGES.test(statement))) {
    return "What changes pg_settings could leave the tenant's role. Use SET LOCAL.";
  }
  return undefined;
}

function namesSettings(sql: string): boolean {
  return /\bpg_settings\b/.test(outline(sql, true).toLowerCase());
}

function reasonOf(statement: string): string | undefined {
  if (statement.startsWith('discard ')) return "DISCARD could leave the tenant's role.";
  if (RUNS_A_BODY.test(statement)) {
    return "The body of a function or of DO could leave the tenant's role. Make it a function in a migration.";
  }
  if (EXECUTES.test(statement)) {
    return "EXECUTE could leave the tenant's role: of a name it is not to be seen what it runs. Send the statement itself.";
  }
  if (!/^(?:set|reset)\b/.test(statement)) return undefined;
  const name = SETTING.exec(statement)?.[1];
  if (name !== undefined && !KEPT.has(name)) return undefined;
  return "A tenant's statement keeps the tenant's role. Work of the system belongs into runAsSystem().";
}

import { BoundedMap } from '../../tenants/bounded-map.js';
import { noTransactionRefusal } from './no-transaction.js';
import type { RowShape } from './row-shape.js';
import { sessionStateOf, SET_LOCALLY } from './session-state.js';
import { splitStatements, unwrapped } from './split-statements.js';
import { outline } from './sql-outline.js';

/** What has to be known of a statement before it is sent. */
export interface StatementTraits {
  /** It may leave something in the session for the next one who is given the connection. */
  readonly leavesResidue: boolean;
  /** It ends a transaction, and does nothing else. */
  readonly end: 'COMMIT' | 'ROLLBACK' | undefined;
  /** It only takes back what its transaction has done, all of it or since a savepoint. */
  readonly undoes: boolean;
  /** It only begins a transaction: the text of that, without comments. */
  readonly begin: string | undefined;
  /** It only sets the modes of the transaction that was begun: those. */
  readonly modes: string | undefined;
  /** A BEGIN cannot travel with it: it is several statements, or has to come before every query. */
  readonly travelsAlone: boolean;
  /** Why it cannot be bound to a tenant. */
  readonly refusal: string | undefined;
  /** Why it cannot be sent through a pooler: it certainly leaves something there, for whoever comes next. */
  readonly refusalBehindPooler: string | undefined;
  /** It may end the transaction that binds it, unless a transaction was begun before. */
  readonly needsTransaction: boolean;
  /** So may a DO, unless it travels in a simple query: PostgreSQL lets nothing commit that shares one with others. */
  readonly isBlock: boolean;
  /** It makes a table or the like: where the tenant's schema is gone, in the session's own. */
  readonly createsObjects: boolean;
  /** It is a COPY, or has one. */
  readonly isCopy: boolean;
  /** It may change what statements were prepared for. */
  readonly changesTables: boolean;
  /** A connection may keep it under a name. */
  readonly isPreparable: boolean;
  /** Tells the texts apart. */
  readonly id: number;
  /** The columns that it was answered with the last time. */
  shape?: RowShape;
}

// Statements that begin like this leave nothing in the session, unless they contain one of the words below. Everything
// else (SET, LISTEN, DO, CALL, PREPARE, DECLARE, COPY, LOAD, …) is taken to leave something. CREATE too: where the tenant's
// schema is gone, what it makes is temporary.
const HARMLESS = new RegExp(
  '^(?:select|insert|update|delete|with|values|merge|begin|start|commit|end|rollback|abort|savepoint|release|alter' +
    '|drop|comment|grant|revoke|truncate|lock|show|analyze|vacuum|reindex|notify' +
    `|set ${SET_LOCALLY})\\b`,
);
// Looked for in the whole text, literals included: SQL can be hidden in them, and a word too many costs one DISCARD ALL.
const LEAVES_RESIDUE = new RegExp(
  'set_config|set_limit|advisory|\\btemp\\b|temporary|pg_temp|\\bsession\\b|\\blisten\\b|\\bhold\\b|setseed|pg_settings|_to_xml|u&["\']' +
    `|\\bset\\s+(?!${SET_LOCALLY})`,
);
const DATA = /^(?:select|insert|update|delete|with|merge|values)\b/;
const CREATES =
  /^create (?!(?:database|schema|role|user|group|tablespace|publication|subscription|server|cast|language|event)\b)/;
// UPDATE … SET, ON CONFLICT DO UPDATE SET and ALTER TABLE … SET NOT NULL have the word, not the statement.
const HAS_SET_CLAUSE = /^(?:update|insert|with|merge|alter)\b/;
const MODE =
  '(?:isolation level (?:serializable|repeatable read|read committed|read uncommitted)|read (?:only|write)|(?:not )?deferrable)';
const BEGIN = new RegExp(`^(?:begin(?: work| transaction)?|start transaction)(?:,? ${MODE})*$`);
const MODES = new RegExp(`^set transaction (${MODE}(?:,? ${MODE})*)$`);
const END = /^(commit|end|rollback|abort)(?: work| transaction)?$/;
const UNDOES = /^(?:rollback|abort)(?: work| transaction)?(?: to\b|$)/;
const CHAIN = /^(?:commit|end|rollback|abort)\b.*\band chain$/;
const ENDS_TRANSACTION = /^(?:commit|end|abort|rollback(?! (?:work |transaction )?to\b)|prepare transaction)\b/;
// Quoted, or with escapes, it is not among the words; and a column that is called so has no parenthesis behind it.
const MAY_CALL_LASTVAL = /lastval|u&"/i;
const CALLS_LASTVAL = /"lastval"\s*\(|\bu&"(?:[^"]|"")*"\s*(?:uescape\s*)?\(/i;

let count = 0;

/** Texts of this length are made for one use, as those of many rows are: not worth remembering. */
const LONG = 4_096;

const known = new BoundedMap<string, StatementTraits>(2_000);

/** The traits of a statement; kept for those that repeat, as an ORM's do. */
export function traitsOf(sql: string): StatementTraits {
  const found = known.get(sql);
  if (found) return found;
  const traits = read(sql);
  if (sql.length < LONG) known.set(sql, traits);
  return traits;
}

function read(sql: string): StatementTraits {
  const statements = splitStatements(sql);
  const works = statements.map(unwrapped);
  const [first = '', ...others] = statements;
  const isSeveral = others.length > 0;
  const residue = leavesResidue(sql.toLowerCase(), works[0] ?? '', isSeveral);
  count += 1;
  return {
    leavesResidue: residue,
    end: isSeveral ? undefined : endOf(first),
    undoes: !isSeveral && UNDOES.test(first),
    begin: isSeveral || !BEGIN.test(first) ? undefined : first,
    modes: isSeveral ? undefined : MODES.exec(first)?.[1],
    travelsAlone: isSeveral || first.startsWith('set transaction'),
    refusal: refusalOf(statements, sql),
    refusalBehindPooler: firstOf(works, sessionStateOf),
    needsTransaction: statements.some((text) => text.startsWith('call ')),
    isBlock: /^do\b/.test(first),
    createsObjects:
      works.some((text) => CREATES.test(text) || makesTable(text)) &&
      !works.some((text) => text.startsWith('create schema')),
    isCopy: statements.some((text) => /^copy\b/.test(text)),
    changesTables: statements.some((text) => /\b(?:create|alter|drop)\b/.test(text)),
    isPreparable: sql.length < LONG && !isSeveral && !residue && DATA.test(first),
    id: count,
  };
}

function leavesResidue(text: string, first: string, isSeveral: boolean): boolean {
  if (first === '') return false;
  if (isSeveral || !HARMLESS.test(first) || makesTable(first)) return true;
  return LEAVES_RESIDUE.test(HAS_SET_CLAUSE.test(first) ? text.replace(/\bset\s/g, ' ') : text);
}

/** SELECT … INTO makes a table, as CREATE does. */
function makesTable(first: string): boolean {
  return /^(?:select|with)\b/.test(first) && /\binto\b/.test(first.replace(/\b(?:insert|merge) into\b/g, ''));
}

function endOf(statement: string): 'COMMIT' | 'ROLLBACK' | undefined {
  const word = END.exec(statement)?.[1];
  if (word === undefined) return undefined;
  return word === 'commit' || word === 'end' ? 'COMMIT' : 'ROLLBACK';
}

function refusalOf(statements: readonly string[], sql: string): string | undefined {
  if (statements.some((text) => CHAIN.test(text))) {
    return 'AND CHAIN opens a transaction that is bound to no tenant. Begin a new one.';
  }
  if (statements.slice(0, -1).some((text) => ENDS_TRANSACTION.test(text))) {
    return 'A statement after the end of a transaction, in the same text, is bound to no tenant. Send it by itself.';
  }
  if (callsLastval(sql) || statements.some((text) => /\blastval\b/.test(text))) {
    return 'lastval() is the last value that anybody took in this session. Use RETURNING, or currval() of a sequence.';
  }
  return firstOf(statements, noTransactionRefusal);
}

function callsLastval(sql: string): boolean {
  return MAY_CALL_LASTVAL.test(sql) && CALLS_LASTVAL.test(outline(sql, true));
}

function firstOf(statements: readonly string[], find: (statement: string) => string | undefined): string | undefined {
  for (const statement of statements) {
    const found = find(statement);
    if (found !== undefined) return found;
  }
  return undefined;
}

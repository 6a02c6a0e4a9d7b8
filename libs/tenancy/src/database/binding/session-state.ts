const OWN_CONNECTION = 'Use a connection of your own, straight to the server.';
const SET_LOCAL = 'Use SET LOCAL in a transaction.';

/** What follows SET where it is over with the transaction: not the first word of a setting's name, as in `local.user_id`. */
export const SET_LOCALLY = '(?:local|transaction|constraints)(?![\\w$\\u0080-\\uffff]|\\s*\\.)';

// A statement as its outline has it, in lower case. What is not certain is not here: a procedure, a DO, a COPY.
const STATEMENTS: ReadonlyArray<readonly [form: RegExp, what: string, instead: string]> = [
  [new RegExp(`^set (?!${SET_LOCALLY})`), 'a setting', SET_LOCAL],
  [/^update (?:only )?(?:pg_catalog\.)?pg_settings\b/, 'a setting', SET_LOCAL],
  [/^listen\b/, 'a subscription', OWN_CONNECTION],
  [/^load\b/, 'a loaded library', OWN_CONNECTION],
  [/^prepare (?!transaction\b)/, 'a prepared statement', 'Send the statement itself, with parameters.'],
  [/^declare\b.*\bwith hold\b/, 'a cursor that outlives its transaction', 'Read it in the transaction.'],
  [
    /^create (?:or replace )?(?:local |global )?temp(?:orary)? (?!.*\bon commit drop\b)/,
    'what is temporary',
    'Make a table ON COMMIT DROP, in a transaction.',
  ],
  [
    /^create (?:or replace )?(?:unlogged )?(?:table|view|sequence) (?:if not exists )?pg_temp\./,
    'what is temporary',
    'Make a TEMPORARY TABLE … ON COMMIT DROP, in a transaction.',
  ],
];

/** Statements that run the functions that they name. */
const CALLS = /^(?:select|with|values|insert|update|delete|merge)\b/;
const FUNCTIONS: ReadonlyArray<readonly [form: RegExp, what: string, instead: string]> = [
  [/\bpg_(?:try_)?advisory_lock(?:_shared)? ?\(/, 'a lock', 'Use pg_advisory_xact_lock() in a transaction.'],
  [
    /\bset_config ?\((?:[^()]|\([^()]*\))*, ?(?:is_local ?(?:=>|:=) ?)?false ?\)/,
    'a setting',
    'Use set_config(…, true) in a transaction.',
  ],
  [/\bsetseed ?\(/, 'the seed of random()', OWN_CONNECTION],
  [
    /\binto (?:local |global )?temp(?:orary)? (?!from\b)/,
    'what is temporary',
    'Make a TEMPORARY TABLE … ON COMMIT DROP, in a transaction.',
  ],
];

/**
 * Why a statement cannot be sent through a pooler: what it certainly leaves in the server's session, which is somebody
 * else's in the next moment. `undefined` where it leaves nothing, or where that cannot be told from its text.
 */
export function sessionStateOf(statement: string): string | undefined {
  const calls = CALLS.test(statement) ? statement.replace(/\b(?:insert|merge) into\b/g, ' ') : undefined;
  const found =
    STATEMENTS.find(([form]) => form.test(statement)) ??
    (calls === undefined ? undefined : FUNCTIONS.find(([form]) => form.test(calls)));
  if (!found) return undefined;
  const [, what, instead] = found;
  return `It leaves ${what} in the server's session. Behind a pooler that is anybody's session. ${instead}`;
}

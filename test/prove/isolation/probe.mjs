import pg from 'pg';
import { homeOf, OWNERS } from './owners.mjs';
import { check } from './violation.mjs';

// As the next user sees it, bound.
const BOUND = `
  SELECT current_schema() AS schema, quote_ident(current_user) AS "user",
         current_setting('transaction_read_only') AS "readOnly", current_setting('app.user', true) AS "appUser",
         current_setting('statement_timeout') AS "statementTimeout"`;

// The session itself, which is what the library's binding must not touch: sent by pg's own client, past the library.
const NAKED = `
  SELECT current_setting('search_path') AS "searchPath", current_user = session_user AS "isLogin",
         current_setting('role') AS role, transaction_timestamp() = statement_timestamp() AS "isIdle",
         (SELECT coalesce(string_agg(name || '=' || setting, ', '), '') FROM pg_settings WHERE source = 'session') AS settings,
         (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,
         (SELECT count(*)::int FROM pg_listening_channels()) AS channels,
         (SELECT count(*)::int FROM pg_prepared_statements WHERE name NOT LIKE 'nestjs\\_tenancy%') AS statements,
         (SELECT count(*)::int FROM pg_cursors WHERE is_holdable) AS cursors,
         (SELECT count(*)::int FROM pg_class WHERE relnamespace = pg_my_temp_schema()) AS temporary`;

const CLEAN = {
  searchPath: '""',
  isLogin: true,
  role: 'none',
  isIdle: true,
  settings: '',
  locks: 0,
  channels: 0,
  statements: 0,
  cursors: 0,
  temporary: 0,
};

/** Checks that whoever has this connection now finds nothing in it that another user left. */
export async function probe(runner, who, stage, server = homeOf(who, stage.isPlaced)) {
  const [bound] = await runner.query(BOUND);
  const { schema } = OWNERS[who];
  check(bound.schema === schema, () => `${who} is in the schema ${bound.schema}`);
  const role = stage.roleOf(who, server);
  check(bound.user === role, () => `${who} works as ${bound.user}, not as ${role}`);
  check(bound.readOnly === 'off', () => `${who} may only read, as another user left it`);
  check((bound.appUser ?? '') === '', () => `${who} finds the setting app.user=${bound.appUser}`);
  const timeout = stage.statementTimeout && who !== 'system' ? `${stage.statementTimeout / 1_000}s` : '0';
  check(bound.statementTimeout === timeout, () => `${who} has a statement_timeout of ${bound.statementTimeout}`);
  const client = await runner.connect();
  const [session] = await pastTheLibrary(client, NAKED);
  for (const [name, clean] of Object.entries(CLEAN)) {
    check(session[name] === clean, () => `the session that ${who} was given has ${name}: ${session[name]}`);
  }
}

function pastTheLibrary(client, sql) {
  return new Promise((resolve, reject) => {
    pg.Client.prototype.query.call(client, sql, (error, result) => (error ? reject(error) : resolve(result.rows)));
  });
}

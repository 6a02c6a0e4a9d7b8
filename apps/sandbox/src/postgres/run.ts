import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { PostgresUser } from './postgres-user.js';

const execute = promisify(execFile);

/** How every PostgreSQL program is started here. */
export function processOptions(user?: PostgresUser) {
  return {
    ...user,
    // Not the current folder: `user` may not be allowed to enter it.
    cwd: '/',
    // PostgreSQL's messages are read by this program, so they must not depend on the machine's language.
    env: { ...process.env, LC_ALL: 'C' },
  };
}

/** Runs a program as `user` to its end and returns what it printed; rejects with what it complained of. */
export async function run(program: string, args: readonly string[], user?: PostgresUser): Promise<string> {
  const { stdout } = await execute(program, args, { ...processOptions(user), timeout: 120_000 });
  return stdout.trim();
}

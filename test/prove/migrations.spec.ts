import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { serverUrl } from '../support/test-database.js';

const script = fileURLToPath(new URL('migrations.mjs', import.meta.url));

describe('a migration of all tenants that is killed with -9, again and again', () => {
  it('is finished by the next run: each migration ran once, and no schema differs', { timeout: 120_000 }, async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [script, '--kills=3', '--tenants=12', '--seed=1', '--json'],
      { env: { ...process.env, TEST_DATABASE_URL: serverUrl() } },
    );
    expect(JSON.parse(stdout)).toMatchObject({
      held: true,
      kills: 3,
      behind: 0,
      drifted: 0,
      twice: 0,
      missing: 0,
      leftSchemas: 0,
    });
  });
});

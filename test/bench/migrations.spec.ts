import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { serverUrl } from '../support/test-database.js';

const script = fileURLToPath(new URL('migrations.mjs', import.meta.url));

describe('the bench of the migrations', () => {
  it('migrates with each way, and finds the column that was dropped', { timeout: 120_000 }, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [script, '--tenants=5', '--parallel=2', '--json'], {
      env: { ...process.env, TEST_DATABASE_URL: serverUrl() },
    });
    const number = expect.any(Number);
    expect((JSON.parse(stdout) as { migrations: object }).migrations).toMatchObject({
      method: { tenants: 5, parallel: 2 },
      seconds: { serial: number, parallel: number, library: number },
      ratios: { serial: number, parallel: number },
      nothingPending: number,
      drift: { clean: number, changed: number },
      create: { median: number, ready: number, tenants: 5 },
    });
  });
});

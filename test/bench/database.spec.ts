import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { serverUrl } from '../support/test-database.js';

const script = fileURLToPath(new URL('database.mjs', import.meta.url));

/** A run that is over soon: its figures tell nothing. */
async function measure(options: string): Promise<{ rows: object[] }> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...options.split(' '), '--json'], {
    env: { ...process.env, TEST_DATABASE_URL: serverUrl() },
  });
  return (JSON.parse(stdout) as { statements: { rows: object[] } }).statements;
}

describe('the bench of the statements', () => {
  it('measures every way, each of which reads its tenant’s own rows', { timeout: 120_000 }, async () => {
    const { rows } = await measure('--tenants=2 --network=loopback --draw=zipf --rounds=1 --seconds=0.01 --warm-up=1');

    const ratio = expect.any(Number);
    const ratios = expect.objectContaining({
      'nestjs-tenancy': ratio,
      set: ratio,
      'set-reset': ratio,
      'data-source': ratio,
    });
    const cell = { tenants: 2, network: 'loopback', draw: 'zipf', ratios };
    expect(rows).toEqual([
      expect.objectContaining({ ...cell, operation: 'read' }),
      expect.objectContaining({ ...cell, operation: 'transaction' }),
    ]);
  });
});

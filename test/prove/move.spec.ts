import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { serverUrl } from '../support/test-database.js';

const script = fileURLToPath(new URL('move.mjs', import.meta.url));

describe('a tenant that is moved between two servers while it is written, by movers that are killed with -9', () => {
  it('has every write that was acknowledged, once, and none that was refused', { timeout: 180_000 }, async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [script, '--kills=3', '--rows=500', '--seed=1', '--no-controls', '--json'],
      { env: { ...process.env, TEST_DATABASE_URL: serverUrl() } },
    );
    expect(JSON.parse(stdout)).toMatchObject({
      held: true,
      killed: 3,
      lost: 0,
      twice: 0,
      refusedButThere: 0,
      miscounted: 0,
      differing: 0,
      failures: 0,
      places: 1,
    });
  });
});

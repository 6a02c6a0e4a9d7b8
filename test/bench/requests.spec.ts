import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('requests.mjs', import.meta.url));

/** A run that is over soon: its figures tell nothing. */
interface Part {
  readonly rows: Array<Record<string, unknown>>;
  readonly nanoseconds: Record<string, number>;
}

async function run(options: string): Promise<Record<string, Part>> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...options.split(' '), '--json']);
  return JSON.parse(stdout) as Record<string, Part>;
}

describe('the bench of the requests', () => {
  it('measures every way, each of which knows whose request it is', { timeout: 120_000 }, async () => {
    const { requests, sideBySide, parts } = await run('--adapter=Fastify --resolver=subdomain --rounds=1 --seconds=1');

    const ways = ['bare', 'nestjs-tenancy', 'storage', 'guard', 'nestjs-cls', 'durable', 'request'];
    expect(requests.rows).toMatchObject([{ adapter: 'Fastify', resolver: 'subdomain' }]);
    expect(Object.keys(requests.rows[0].ratios as object).sort()).toEqual(ways.sort());
    expect(sideBySide.rows).toMatchObject([
      {
        adapter: 'Fastify',
        resolver: 'subdomain',
        toStorage: { 'by hand': expect.any(Number), guard: expect.any(Number) },
      },
    ]);
    expect(Object.keys(parts.nanoseconds)).toEqual(['storage', 'middleware', 'guard']);
  });

  it('measures the heap of many requests', { timeout: 120_000 }, async () => {
    const { soak } = await run('--parts=heap --adapter=Fastify --requests=1000');

    expect(soak.rows).toEqual([{ adapter: 'Fastify', heap: Array.from({ length: 10 }, () => expect.any(Number)) }]);
  });
});

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useTestDatabase } from '../support/test-database.js';

const run = promisify(execFile);
const library = fileURLToPath(new URL('../../libs/tenancy', import.meta.url));
const database = useTestDatabase();
let project: string;
let packed: { filename: string; files: Array<{ path: string }> };

const npm = (args: string[], cwd: string) => run('npm', args, { cwd, maxBuffer: 64 * 1024 * 1024 });

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-pack-'));
  const { stdout } = await npm(['pack', '--json', '--pack-destination', project], library);
  const report = JSON.parse(stdout) as (typeof packed)[] | Record<string, typeof packed>;
  packed = (Array.isArray(report) ? report[0] : Object.values(report)[0])!;
  await cp(new URL('./project', import.meta.url), project, { recursive: true });
  // The versions that this repository is tested with; everything else is what a newcomer's npm picks.
  const manifest = JSON.parse(await readFile(join(library, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const versions = { ...manifest.devDependencies };
  const names = [
    ...Object.keys(manifest.peerDependencies),
    '@nestjs/platform-express',
    '@nestjs/platform-fastify',
    '@nestjs/typeorm',
  ];
  await writeFile(
    join(project, 'package.json'),
    JSON.stringify({
      name: 'newcomer',
      private: true,
      type: 'module',
      dependencies: {
        ...Object.fromEntries(names.map((name) => [name, versions[name]])),
        'nestjs-tenancy': `file:${packed.filename}`,
      },
      devDependencies: { typescript: '6.0.3', '@types/node': '20.19.43', '@types/express': '5.0.6' },
    }),
  );
  await npm(['install', '--no-audit', '--no-fund', '--prefer-offline'], project);
});
afterAll(() => rm(project, { recursive: true, force: true }));

describe('the package', () => {
  it('holds what was built, its licence and its README, and no sources or tests', () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toContain('dist/index.js');
    expect(paths).toContain('dist/index.d.ts');
    expect(paths).toContain('bin/tenancy.js');
    expect(paths).toContain('README.md');
    expect(paths).toContain('LICENSE');
    expect(paths.filter((path) => /\.spec\.|(?<!\.d)\.ts$|tsbuildinfo/.test(path))).toEqual([]);
  });

  it('brings its documentation into the editor', async () => {
    const types = await readFile(join(project, 'node_modules/nestjs-tenancy/dist/context/tenant-context.d.ts'), 'utf8');
    expect(types).toContain('@example');
  });
});

describe('an empty project that installs it', () => {
  it('compiles with strict types', async () => {
    const { stdout } = await run('npx', ['tsc', '-p', '.'], { cwd: project }).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');
  });

  it('has the command, which reads the options of the project', async () => {
    const store = "new InMemoryTenantStore([{ id: 'acme', schema: 't_acme' }])";
    await writeFile(
      join(project, 'tenancy.config.mjs'),
      `import { defineTenancyConfig, InMemoryTenantStore } from 'nestjs-tenancy';
       export default defineTenancyConfig({ store: ${store} });`,
    );
    const { stdout } = await run('npx', ['--no-install', 'tenancy', 'tenants', 'list'], { cwd: project });
    expect(stdout).toMatch(/^acme +active /m);
  });

  it.each(['express', 'fastify'])('serves two tenants on %s', async (adapter) => {
    const child = spawn(process.execPath, ['dist/main.js', adapter], {
      cwd: project,
      env: { ...process.env, DATABASE_URL: database.appUrl },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const url = await firstLine(child.stdout);
      const call = async (tenant: string | undefined, method = 'GET') => {
        const headers: Record<string, string> = tenant ? { 'x-tenant-id': tenant } : {};
        const answer = await fetch(`${url}/notes`, { method, headers });
        return { status: answer.status, body: await answer.json() };
      };
      expect(await call('acme', 'POST')).toMatchObject({ status: 201, body: { body: 'a note of acme' } });
      expect(await call('acme')).toMatchObject({ status: 200, body: [{ body: 'a note of acme' }] });
      expect(await call('globex')).toEqual({ status: 200, body: [] });
      expect(await call(undefined)).toMatchObject({ status: 400, body: { code: 'TENANT_REQUIRED' } });
      expect(await call('nobody')).toMatchObject({ status: 404, body: { code: 'TENANT_NOT_FOUND' } });
    } finally {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    }
  });
});

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) {
    text += String(chunk);
    if (text.includes('\n')) return text.split('\n')[0];
  }
  throw new Error(`The project ended before it said where it listens: ${text}`);
}

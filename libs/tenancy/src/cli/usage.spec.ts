import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tenancy } from '../../../../test/support/tenancy-command.js';

const app = { TENANTS: JSON.stringify([{ id: 'acme', schema: 't_acme' }]), HAS_DATABASE: 'no' };
const library = new URL('../../dist/index.js', import.meta.url).href;
let nobodyListens: number;

beforeAll(async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  nobodyListens = (server.address() as { port: number }).port;
  server.close();
});

describe('tenancy --help', () => {
  it.each([
    [[]],
    [['tenants', 'list']],
    [['tenants', 'show']],
    [['tenants', 'create']],
    [['tenants', 'suspend']],
    [['tenants', 'restore']],
    [['tenants', 'rename']],
    [['tenants', 'archive']],
    [['tenants', 'drops']],
    [['tenants', 'drop']],
    [['move']],
    [['ready', 'status']],
    [['ready', 'fill']],
    [['doctor']],
    [['export']],
    [['status']],
    [['migrate']],
    [['revert']],
    [['drift']],
    [['run']],
  ])('teaches with examples: %j', async (command) => {
    const { exitCode, stdout, stderr } = await tenancy([...command, '--help']);

    expect(exitCode).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toContain(`Usage: tenancy ${command.join(' ')}`.trimEnd());
    expect(stdout.match(/^ {2}\$ tenancy /gm)?.length).toBeGreaterThanOrEqual(2);
    for (const option of ['--json', '--config', '--quiet', '--no-color']) expect(stdout).toContain(option);
  });

  it('names the exit codes', async () => {
    const { stdout } = await tenancy(['--help']);

    for (const code of [0, 1, 2, 3, 130]) expect(stdout).toMatch(new RegExp(`^ {2}${code} +\\w`, 'm'));
  });
});

describe('tenancy --version', () => {
  it('is the version of the package', async () => {
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));

    expect(await tenancy(['--version'])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('what was typed wrong', () => {
  it.each([
    [['migrat'], /unknown command 'migrat'.*Did you mean migrate\?/s],
    [['tenants', 'lst'], /unknown command 'lst'.*Did you mean list\?/s],
    [['status', '--jsn'], /unknown option '--jsn'.*Did you mean --json\?/s],
    [['migrate', '--canary', 'few'], /--canary.*whole number/s],
    [['migrate', '--concurrency', '0', '--tenant', 'acme'], /.*/],
    [['migrate', '--on-error', 'panic'], /continue, stop/],
    [['tenants', 'show'], /missing required argument 'id'/],
    [['tenants', 'list', '--status', 'gone'], /"gone" is none of active/],
    [['tenants', 'list', '--tenant', 'acme,,globex'], /is no list of values/],
    [['tenants', 'list', '--server', 'mars'], /no database server "mars"/],
    [['tenants', 'show', '../admin'], /There is no tenant/],
    [['tenants', 'suspend', 'acme'], /The store of this application only reads tenants\. HttpTenantStore can/],
    [['move', 'acme', '--to', 'eu'], /The option `database` is missing/],
    [['status'], /The option `database` is missing/],
    [[], /Usage: tenancy/],
  ])('%j ends with 2 and says what is wrong', async (args, message) => {
    const { exitCode, stdout, stderr } = await tenancy(args, app);

    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  it.each([[['migrat']], [['tenants', 'show', 'nobody']], [['status']], [['status', '--jsn']], [[]]])(
    '%j --json says it in one document',
    async (args) => {
      const { exitCode, stdout, stderr } = await tenancy([...args, '--json'], app);

      expect(exitCode).toBe(2);
      expect(JSON.parse(stdout)).toEqual({
        error: { code: expect.stringMatching(/^[A-Z_]+$/), message: expect.any(String) },
      });
      expect(stderr).toBe('');
    },
  );
});

describe('the config', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tenancy-config-'));
    return () => rm(folder, { recursive: true });
  });

  const store = `store: new (await import('${library}')).InMemoryTenantStore([{ id: process.env.NAME ?? 'acme', schema: 't_acme' }])`;
  const list = async (args: string[] = [], variables = {}): Promise<string> => {
    const { exitCode, stdout, stderr } = await tenancy(['tenants', 'list', ...args], variables, folder);
    return exitCode === 0 ? stdout : `${exitCode} ${stderr}`;
  };
  const write = async (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);

  it.each([
    ['options', `export default { ${store} };`],
    ['a function', `export default async () => ({ ${store} });`],
  ])('exports %s', async (_, text) => {
    await write('tenancy.config.mjs', text);

    expect(await list()).toContain('acme');
  });

  it.each([
    ['module.exports', 'module.exports ='],
    ['what TypeScript makes of a default export', 'exports.__esModule = true; exports.default ='],
  ])('may be CommonJS: %s', async (_, exported) => {
    await write('tenancy.config.cjs', `${exported} async () => ({ ${store} });`);

    expect(await list()).toContain('acme');
  });

  it('is the file that package.json names', async () => {
    await write('package.json', '{ "tenancy": { "config": "made.mjs" } }');
    await write('made.mjs', `export default async () => ({ ${store} });`);

    expect(await list()).toContain('acme');
  });

  it('finds the variables of --env, after those of the environment', async () => {
    await write('tenancy.config.mjs', `export default async () => ({ ${store} });`);
    await write('of.env', 'NAME=globex\n');

    expect(await list(['--env', 'of.env'])).toContain('globex');
    expect(await list(['--env', 'of.env'], { NAME: 'initech' })).toContain('initech');
    expect(await list(['--env', 'gone.env'])).toMatch(/^2 .*The file of variables is not there/);
  });

  it('is the file that --config names, before all others', async () => {
    await write('tenancy.config.mjs', 'throw new Error("Not this one")');
    await write('other.mjs', `export default async () => ({ ${store} });`);

    expect(await list(['--config', 'other.mjs'])).toContain('acme');
  });

  it.each([
    ['is not there', undefined, /^2 .*There is no tenancy\.config\.js or tenancy\.config\.mjs in /],
    ['is not there, and named', '--config', /^2 .*is not there: .*Is the application built/],
    ['throws', 'throw new Error("DATABASE_URL is missing")', /^2 .*failed: DATABASE_URL is missing/],
    ['cannot be parsed', 'export default {', /^2 .*failed: /],
    ['exports nothing', 'export const options = {};', /^2 .*gives no options with a `store`/],
    ['has no store', 'export default { database: {} };', /^2 .*gives no options with a `store`/],
  ])('that %s is said to', async (_, text, message) => {
    if (text && text !== '--config') await write('tenancy.config.mjs', text);

    expect(await list(text === '--config' ? ['--config', 'gone.mjs'] : [])).toMatch(message);
  });

  it('shows where its error comes from with --verbose only', async () => {
    await write('tenancy.config.mjs', 'throw new Error("no")');

    expect(await list()).not.toMatch(/^ {4}at /m);
    expect(await list(['--verbose'])).toMatch(/^ {4}at .*tenancy\.config\.mjs/m);
  });

  it('of another copy of the package is refused', async () => {
    await write('tenancy.config.mjs', `export default async () => ({ ${store} });`);
    await write('package.json', '{}');
    const { mkdir } = await import('node:fs/promises');
    await mkdir(join(folder, 'node_modules/nestjs-tenancy'), { recursive: true });
    await write('node_modules/nestjs-tenancy/package.json', '{ "name": "nestjs-tenancy", "version": "0.0.1" }');

    expect(await list()).toMatch(/^2 .*another copy of nestjs-tenancy/);
  });
});

describe('what cannot be reached', () => {
  const secret = 'p%40ss-w0rd';

  it('is a database server: 3, and its password is not printed', async () => {
    const url = `postgres://app:${secret}@127.0.0.1:${nobodyListens}/app`;
    const away = { ...app, HAS_DATABASE: 'yes', DATABASE_URL: url };

    for (const args of [['status'], ['status', '--json'], ['status', '--verbose']]) {
      const { exitCode, stdout, stderr } = await tenancy(args, away);
      expect(exitCode).toBe(3);
      expect(stdout + stderr).toContain('ECONNREFUSED');
      expect(stdout + stderr).not.toMatch(/p%40ss-w0rd|p@ss-w0rd/);
    }
  });

  it('is the registry: 3', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tenancy-config-'));
    const store = `new HttpTenantStore({ baseUrl: 'http://127.0.0.1:${nobodyListens}' })`;
    const text = `import { HttpTenantStore } from '${library}'; export default { store: ${store} };`;
    await writeFile(join(folder, 'tenancy.config.mjs'), text);

    const { exitCode, stdout } = await tenancy(['tenants', 'list', '--json'], {}, folder);
    await rm(folder, { recursive: true });

    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'TENANT_SERVICE_UNAVAILABLE' } });
  });
});

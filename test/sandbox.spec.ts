import type { ChildProcess } from 'node:child_process';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePort } from '../apps/sandbox/src/ports.js';
import { useTestDatabase } from './support/test-database.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const dist = (path: string): string => join(root, 'apps/sandbox/dist', path);

interface Sent {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads what it expects to be there
  readonly body: any;
}

const database = useTestDatabase();
const ports: Record<string, number> = {};
let directory: string;
let environment: NodeJS.ProcessEnv;
let sandbox: ChildProcess;
let output = '';

async function startSandbox(command = [process.execPath, dist('main.js')], env = environment): Promise<void> {
  output = '';
  sandbox = spawn(command[0], command.slice(1), { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  sandbox.stdout?.on('data', (chunk) => (output += String(chunk)));
  sandbox.stderr?.on('data', (chunk) => (output += String(chunk)));
  await until(() => {
    if (sandbox.exitCode !== null) throw new Error(`The sandbox ended: ${output}`);
    return output.includes('The sandbox is ready.');
  });
}

async function stopSandbox(): Promise<void> {
  if (sandbox.exitCode !== null || sandbox.signalCode !== null) return;
  const exited = once(sandbox, 'exit');
  sandbox.kill('SIGINT');
  await exited;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`It did not happen within a minute.\n${output}`);
    await delay(50);
  }
}

const token = async (...args: string[]): Promise<string> =>
  (await run(process.execPath, [dist('token.js'), ...args], { cwd: root, env: environment })).stdout.trim();

/** A request with whatever Host; `fetch` has no say in that. */
function call(method: string, path: string, headers: Record<string, string>, body?: unknown): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: ports.PORT,
        method,
        path,
        headers: { 'content-type': 'application/json', ...headers },
      },
      (answer) => {
        let text = '';
        answer.on('data', (chunk) => (text += String(chunk)));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text ? JSON.parse(text) : undefined }));
        answer.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const mails = async (): Promise<
  Array<{ From: { Address: string }; To: Array<{ Address: string }>; Subject: string }>
> =>
  (
    (await (await fetch(`http://127.0.0.1:${ports.MAILBOX_PORT}/api/v1/messages?limit=200`)).json()) as {
      messages: never[];
    }
  ).messages;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-sandbox-'));
  for (const name of ['PORT', 'TENANT_MANAGEMENT_PORT', 'MAILBOX_PORT', 'SMTP_PORT', 'SMS_PORT']) {
    ports[name] = await findFreePort();
  }
  environment = {
    ...process.env,
    ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
    SANDBOX_DIR: directory,
    DATABASE_URL: database.url,
  };
  await startSandbox();
});
afterAll(async () => {
  await stopSandbox();
  await rm(directory, { recursive: true, force: true });
});

describe('acme sends', () => {
  let acme: Record<string, string>;
  let globex: Record<string, string>;

  beforeAll(async () => {
    acme = { authorization: `Bearer ${await token('acme')}` };
    globex = { authorization: `Bearer ${await token('globex')}` };
  });

  it('a mail, which arrives from acme’s own sender', async () => {
    const sent = await call('POST', '/messages', acme, {
      channel: 'email',
      to: 'ada@example.com',
      subject: 'Hello',
      body: 'Hi',
    });
    expect(sent).toMatchObject({ status: 202, body: { status: 'queued' } });
    await until(async () => (await mails()).some(({ Subject }) => Subject === 'Hello'));
    expect((await mails()).find(({ Subject }) => Subject === 'Hello')).toMatchObject({
      From: { Address: 'hello@acme.example' },
      To: [{ Address: 'ada@example.com' }],
    });
    await until(async () => (await call('GET', `/messages/${sent.body.id}`, acme)).body.status === 'sent');
    expect((await call('GET', `/messages/${sent.body.id}`, acme)).body.attempts).toMatchObject([{ outcome: 'sent' }]);
    expect((await call('GET', `/messages/${sent.body.id}`, globex)).status).toBe(404);
  });

  it('an SMS, which arrives from acme’s own sender', async () => {
    const sent = await call('POST', '/messages', acme, { channel: 'sms', to: '+14155550123', body: 'An SMS' });
    expect(sent.status).toBe(202);
    await until(async () => (await call('GET', `/messages/${sent.body.id}`, acme)).body.status === 'sent');
    const page = await (await fetch(`http://127.0.0.1:${ports.MAILBOX_PORT}/sms`)).text();
    expect(page).toContain('ACME');
    expect(page).toContain('An SMS');
  });

  it('and globex sees none of it, however it is asked for', async () => {
    expect((await call('GET', '/messages', acme)).body.messages).toHaveLength(2);
    expect((await call('GET', '/messages', globex)).body.messages).toEqual([]);
    const platform = { authorization: `Bearer ${await token('--platform')}` };
    const host = (tenant: string) => ({ host: `${tenant}.localhost:${ports.PORT}` });
    for (const [tenant, count] of [
      ['acme', 2],
      ['globex', 0],
    ] as const) {
      const ways = [
        call('GET', '/messages', { ...platform, 'x-tenant-id': tenant }),
        call('GET', `/messages?tenant_id=${tenant}`, platform),
        call('GET', `/tenants/${tenant}/messages`, platform),
        call('GET', '/messages', { ...platform, ...host(tenant) }),
        call('GET', '/messages', tenant === 'acme' ? acme : globex),
      ];
      for (const { status, body } of await Promise.all(ways)) {
        expect(status).toBe(200);
        expect(body.messages).toHaveLength(count);
      }
    }
  });

  it('and is refused where it asks for globex, or names nobody', async () => {
    expect(await call('GET', '/messages', { ...acme, 'x-tenant-id': 'globex' })).toMatchObject({ status: 403 });
    expect(await call('GET', '/messages', { ...acme, 'x-tenant-id': 'nobody' })).toMatchObject({ status: 403 });
    expect(await call('GET', '/messages', {})).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
    const platform = { authorization: `Bearer ${await token('--platform')}` };
    expect(await call('GET', '/messages', platform)).toMatchObject({ status: 400, body: { code: 'TENANT_REQUIRED' } });
    expect(await call('GET', '/messages', { ...platform, 'x-tenant-id': 'nobody' })).toMatchObject({ status: 404 });
  });

  it('what was accepted, though the service is killed at once', async () => {
    const subjects = Array.from({ length: 20 }, (_, n) => `Accepted ${n}`);
    const accepted: string[] = [];
    const pid = await pidOfService();
    const asks = subjects.map(async (subject) => {
      const sent = await call('POST', '/messages', acme, {
        channel: 'email',
        to: 'ada@example.com',
        subject,
        body: 'Hi',
      });
      if (sent.status === 202) accepted.push(subject);
      if (accepted.length === 10) process.kill(pid, 'SIGKILL');
    });
    await Promise.allSettled(asks);
    expect(accepted.length).toBeGreaterThanOrEqual(10);
    await until(async () => {
      const arrived = (await mails()).map(({ Subject }) => Subject);
      return accepted.every((subject) => arrived.includes(subject));
    });
    await until(async () => (await call('GET', '/messages', acme).catch(() => undefined))?.status === 200);
    const arrived = (await mails()).map(({ Subject }) => Subject).filter((subject) => accepted.includes(subject));
    // At most one mail can have been between its sending and its recording for each that was sent at once.
    expect(arrived.length).toBeLessThanOrEqual(accepted.length + 5);
    expect(output).toContain('starting it again');
  });
});

describe.skipIf(spawnSync('curl', ['--version']).status !== 0)('the README', () => {
  it('prints what its lines print', { timeout: 120_000 }, async () => {
    const text = await readFile(join(root, 'README.md'), 'utf8');
    const blocks = [...text.split('## Use it')[0].matchAll(/```(sh|json|text)\n([\s\S]*?)```/g)].map(
      ([, kind, code]) => ({
        kind,
        code: code,
      }),
    );
    // The first one starts the sandbox, which runs already.
    const commands = blocks.slice(1).filter(({ kind }) => kind === 'sh');
    const mark = '=== next block ===';
    const script = commands.map(({ code }) => code.replaceAll(':3000', `:${ports.PORT}`)).join(`\necho '${mark}'\n`);
    const { stdout } = await run('bash', ['-euc', script], { cwd: root, env: environment });
    const printed = stdout.split(mark);
    expect(printed).toHaveLength(commands.length);
    for (const [index, { code }] of commands.entries()) {
      const answer = blocks[blocks.findIndex((block) => block.code === code) + 1];
      if (answer?.kind === 'text') expect(printed[index]).toContain(answer.code);
      if (answer?.kind !== 'json') continue;
      const found = printed[index].replaceAll('}{', '}\n{').trim().split('\n').map(comparable);
      expect(new Set(found)).toEqual(new Set([comparable(answer.code)]));
    }
  });
});

describe('the sandbox', () => {
  it('has the data of before when it is started again', async () => {
    await stopSandbox();
    expect(sandbox.exitCode).toBe(0);
    await startSandbox();
    const acme = { authorization: `Bearer ${await token('acme')}` };
    expect((await call('GET', '/messages', acme)).body.messages.length).toBeGreaterThanOrEqual(2);
  });

  it('stops everything where npm, which started it, is told to stop', async () => {
    await stopSandbox();
    // As npm does: a shell that does not become the command, and is told alone.
    const asNpm = ['/bin/sh', '-c', '"$0" "$1"; exit $?', process.execPath, dist('main.js')];
    await startSandbox(asNpm, { ...environment, npm_lifecycle_event: 'start' });
    // Closed by the last one that holds it.
    const silent = once(sandbox, 'close');
    sandbox.kill('SIGTERM');
    await silent;
    expect(output).toContain('Stopping');
    await startSandbox();
  });

  it('says which port is taken, and how to choose another', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const taken = (server.address() as { port: number }).port;
    const failed = await run(process.execPath, [dist('main.js')], {
      cwd: root,
      env: { ...environment, PORT: String(await findFreePort()), SMTP_PORT: String(taken) },
    }).catch((error: { code: number; stderr: string }) => error);
    server.close();
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stderr).toMatch(/Port \d+ is taken\. Stop what listens there, or set \w+ to another\./);
  });

  it('prints tokens, and how to ask for one', async () => {
    expect(await token('acme')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(await token('--help')).toContain('npm run -s token -- acme');
    await expect(token()).rejects.toMatchObject({ code: 2 });
  });

  it('keeps its secrets to the user who started it', async () => {
    const secrets = await readFile(join(directory, 'secrets.json'), 'utf8');
    expect(output).not.toContain(JSON.parse(secrets).jwtSecret);
  });
});

/** JSON without its white space, and with one name for every id. */
function comparable(json: string): string {
  return JSON.stringify(JSON.parse(json)).replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'an id');
}

async function pidOfService(): Promise<number> {
  const { stdout } = await run('ps', ['-eo', 'pid,ppid,args']);
  const line = stdout
    .split('\n')
    .map((text) => text.trim().split(/\s+/))
    .find(
      ([, parent, ...args]) => Number(parent) === sandbox.pid && args.join(' ').includes('apps/communication/dist'),
    );
  return Number(line?.[0]);
}

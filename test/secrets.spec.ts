import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { TenantConfig } from 'nestjs-tenancy';
import { TenantConfigService, TenantContext, TenantService } from 'nestjs-tenancy';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createApp as createCommunication } from '../apps/communication/src/app.js';
import { readEnvironment } from '../apps/communication/src/environment.js';
import { issueToken } from '../apps/communication/src/issue-token.js';
import { Delivery } from '../apps/communication/src/sending/delivery.js';
import { EmailSender } from '../apps/communication/src/sending/email.sender.js';
import type { Settings } from '../apps/communication/src/settings/settings.js';
import type { MailServer } from '../apps/communication/src/testing/mail-server.js';
import { startMailServer } from '../apps/communication/src/testing/mail-server.js';
import { eventually } from '../apps/communication/src/testing/test-service.js';
import { createApp as createTenantManagement } from '../apps/tenant-management/src/app.js';
import { TEST_CA, TEST_CERTIFICATE } from './support/certificates.js';
import { useTestDatabase } from './support/test-database.js';

const LEVELS = [
  'verbose' as const,
  'debug' as const,
  'log' as const,
  'warn' as const,
  'error' as const,
  'fatal' as const,
];
const SERVICE_TOKEN = 'service-token-of-the-tests';
const JWT_SECRET = 'a secret of more than 32 characters';
const TOKENS = { acme: tokenOf('acme'), globex: tokenOf('globex'), registry: SERVICE_TOKEN };

// Whatever is planted as the password of a tenant's mail server; each begins alike, so that one search finds all.
const CANARY = `canary${randomBytes(8).toString('hex')}`;
const PASSWORD = `${CANARY}-password`;

const database = useTestDatabase();
let own: MailServer;
let service: MailServer;
let registry: NestExpressApplication;
let communication: NestExpressApplication;
/** Everything that either service has answered, logged or printed. */
const told: string[] = [];

beforeAll(async () => {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream);
    vi.spyOn(stream, 'write').mockImplementation((text, ...rest) => {
      told.push(String(text));
      return write(text, ...(rest as []));
    });
  }
  [own, service] = await Promise.all([startMailServer(TEST_CERTIFICATE), startMailServer()]);
  await database.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${database.appRole}`);
  registry = await createTenantManagement({ DATABASE_URL: database.appUrl, SERVICE_TOKEN }, { logger: LEVELS });
  await registry.listen(0, '127.0.0.1');
  for (const id of ['acme', 'globex']) {
    await call('registry', 'POST', '/tenants', { id, config: { 'email.from': `hello@${id}.example` } });
  }
  const environment = readEnvironment({
    DATABASE_URL: database.appUrl,
    TENANT_MANAGEMENT_URL: await registry.getUrl(),
    TENANT_MANAGEMENT_TOKEN: SERVICE_TOKEN,
    TENANT_CACHE_TTL_MS: '0',
    JWT_SECRET,
    SMTP_URL: service.url,
    SETTINGS_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    TENANT_SERVERS_ALLOW: '127.0.0.0/8,::1',
    TENANT_SERVERS_CA: TEST_CA,
    TWILIO_ACCOUNT_SID: 'AC0',
    TWILIO_AUTH_TOKEN: 'token',
    MESSAGE_ATTEMPTS: '2',
    MESSAGE_BACKOFF_MS: '20',
    MESSAGE_HOLD_MS: '100',
  });
  communication = await createCommunication(environment, { logger: LEVELS });
  await communication.listen(0, '127.0.0.1');
});
afterAll(async () => {
  await communication?.close();
  await registry?.close();
  await Promise.all([own?.stop(), service?.stop()]);
  vi.restoreAllMocks();
});

function tokenOf(tenant: string): string {
  return issueToken({ tenant, secret: JWT_SECRET });
}

// oxlint-disable-next-line typescript/no-explicit-any -- a test reads what it expects to be there
async function call(as: keyof typeof TOKENS, method: string, path: string, body?: unknown): Promise<any> {
  const app = as === 'registry' ? registry : communication;
  const response = await fetch((await app.getUrl()) + path, {
    method,
    headers: { authorization: `Bearer ${TOKENS[as]}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  told.push(inspect([response.status, [...response.headers], text]));
  return { status: response.status, body: JSON.parse(text) as unknown };
}

const login = (password = PASSWORD) => ({
  'smtp.host': 'localhost',
  'smtp.port': Number(new URL(own.url).port),
  'smtp.user': 'acme',
  'smtp.password': password,
});

async function storedOf(tenant: string): Promise<Record<string, unknown>> {
  const [row] = await database.query<{ config: Record<string, unknown> }>(
    'SELECT config FROM public.tenants WHERE id = $1',
    [tenant],
  );
  return row.config;
}

/** As whoever can write the registry's table could. */
async function store(tenant: string, config: Record<string, unknown>): Promise<void> {
  await database.query('UPDATE public.tenants SET config = $2 WHERE id = $1', [tenant, JSON.stringify(config)]);
}

async function send(): Promise<{ status: string; attempts: Array<{ error: string }> }> {
  const message = { channel: 'email', to: 'ada@example.com', subject: 'Hello', body: 'Hello Ada!' };
  const { body } = await call('acme', 'POST', '/messages', message);
  return eventually(async () => {
    const found = await call('acme', 'GET', `/messages/${body.id}`);
    return found.body.status === 'queued' ? undefined : found.body;
  });
}

/** Every row of every table, as text. */
async function everyRow(): Promise<string[]> {
  const tables = await database.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
      WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  const rows = tables.map(({ name }) => database.query<{ row: string }>(`SELECT t::text AS row FROM ${name} AS t`));
  return (await Promise.all(rows)).flat().map(({ row }) => row);
}

/** What holds the canary, as it is or as it may be encoded. */
function withCanary(texts: readonly string[]): string[] {
  const spellings = ['latin1', 'hex'].map((encoding) => Buffer.from(CANARY).toString(encoding as BufferEncoding));
  // Wherever it begins, base64 has the same letters for what lies in the middle of it.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.from('x'.repeat(shift) + CANARY)
      .toString('base64')
      .slice(4, -4),
  );
  return texts.filter((text) => [...spellings, ...base64].some((spelling) => text.includes(spelling)));
}

describe('the password of a tenant’s mail server', () => {
  it('is used, and the registry has it encrypted alone', async () => {
    expect(await call('acme', 'PATCH', '/config', login())).toMatchObject({
      status: 200,
      body: { 'smtp.password': '[secret]' },
    });
    expect(await send()).toMatchObject({ status: 'sent' });

    expect(own.logins).toEqual([{ user: 'acme', password: PASSWORD }]);
    expect((await storedOf('acme'))['smtp.password']).toMatch(/^sealed:v1:k1:/);
  });

  it.each([
    [
      'another tenant’s row',
      async () => store('globex', { ...(await storedOf('globex')), ...(await storedOf('acme')) }),
    ],
    [
      'another setting',
      async () => {
        await call('globex', 'PATCH', '/config', { ...login(), 'smtp.user': 'globex' });
        const { 'smtp.password': sealed, ...config } = await storedOf('globex');
        await store('globex', { ...config, 'smtp.user': sealed });
      },
    ],
    ['plain text in its place', async () => store('globex', login('written past the services'))],
    [
      'another tenant’s row, by the registry’s API',
      async () => call('registry', 'PATCH', '/tenants/globex/config', await storedOf('acme')),
    ],
  ])('is refused when it is copied: %s', async (_what, copy) => {
    const before = await storedOf('globex');
    await copy();

    expect(await call('globex', 'GET', '/config')).toMatchObject({
      status: 409,
      body: { code: 'TENANT_CONFIG_UNUSABLE' },
    });
    const message = { channel: 'email', to: 'ada@example.com', subject: 'Hello', body: 'Hello' };
    expect(await call('globex', 'POST', '/messages', message)).toMatchObject({ status: 409 });
    await store('globex', before);
    expect(await call('globex', 'GET', '/config')).toMatchObject({ status: 200 });
  });

  it('is nowhere in what the services say, keep or throw, whatever goes wrong', async () => {
    await call('acme', 'PATCH', '/config', login());
    const wrong: unknown[] = [
      { 'smtp.password': CANARY.repeat(40) },
      { 'smtp.password': { [CANARY]: CANARY } },
      { 'smtp.password': PASSWORD, 'smtp.user': null },
      { 'smtp.password': PASSWORD, 'email.from': 'nobody' },
      { 'smtp.password': `${CANARY}\r\n` },
      `{"smtp.password":"${PASSWORD}`,
      `{"smtp.password":"${PASSWORD}","__proto__":{"a":1}}`,
      JSON.stringify([PASSWORD]),
    ];
    for (const body of wrong) {
      expect((await call('acme', 'PATCH', '/config', body)).status).toBe(400);
      expect((await call('registry', 'PATCH', '/tenants/acme/config', body)).status).toBe(400);
    }
    await call('registry', 'POST', '/tenants', { id: 'initech', config: login() });
    for (const path of ['/tenants/acme', '/tenants/acme/config', '/tenants']) await call('registry', 'GET', path);
    await call('acme', 'GET', '/config');

    own.loginRefusal = (password) => `535 5.7.8 wrong password: ${password}`;
    expect(await send()).toMatchObject({ status: 'failed' });
    own.loginRefusal = undefined;
    own.refusal = { code: 550, text: `no mailbox, and the password was ${PASSWORD}` };
    expect(await send()).toMatchObject({ status: 'failed' });
    own.refusal = undefined;

    const [sealed, plain] = [await storedOf('acme'), { ...(await storedOf('acme')), 'smtp.password': 'plain' }];
    await store('acme', { ...plain, 'smtp.password': (sealed['smtp.password'] as string).slice(0, -2) });
    expect((await call('acme', 'GET', '/config')).status).toBe(409);
    await store('acme', sealed);

    expect(withCanary(told)).toEqual([]);
    expect(withCanary(await everyRow())).toEqual([]);
  });

  it('is nowhere in what can be inspected', async () => {
    await call('acme', 'PATCH', '/config', login());
    const settings = communication.get<TenantConfigService<Settings>>(TenantConfigService);
    const ofAcme: TenantConfig<Settings> = await settings.for('acme');
    const held: unknown[] = [ofAcme, ofAcme.getAll(), ofAcme.get('smtp.password'), ofAcme.explain('smtp.password')];
    for (const token of [TenantConfigService, TenantContext, TenantService, EmailSender, Delivery]) {
      held.push(communication.get(token, { strict: false }));
    }
    own.loginRefusal = (password) => `535 wrong: ${password}`;
    const message = { id: '1', to: 'ada@example.com', body: 'x' } as Parameters<EmailSender['send']>[0];
    held.push(
      await communication
        .get(EmailSender, { strict: false })
        .send(message, ofAcme)
        .catch((error) => error),
    );
    held.push(await settings.update({ 'smtp.password': CANARY.repeat(40) }, 'acme').catch((error) => error));
    own.loginRefusal = undefined;

    expect(held.slice(-2)).toEqual([expect.any(Error), expect.any(Error)]);
    expect(
      withCanary(held.map((value) => inspect(value, { depth: 8, showHidden: true, maxStringLength: null }))),
    ).toEqual([]);
    expect(withCanary(held.slice(0, 4).map((value) => JSON.stringify(value)))).toEqual([]);
    expect(ofAcme.get('smtp.password')?.reveal()).toBe(PASSWORD);
  });

  it('would be found: what is searched holds what is not secret', async () => {
    await call('acme', 'PATCH', '/config', { 'email.footer': `${CANARY} in the open` });
    const { body } = await call('acme', 'GET', '/config');

    expect(withCanary([JSON.stringify(body)])).toHaveLength(1);
    expect(withCanary(await everyRow())).toHaveLength(1);
    expect(withCanary(told).length).toBeGreaterThan(0);
    expect(withCanary([Buffer.from(`ab${CANARY}cd`).toString('base64')])).toHaveLength(1);
  });
});

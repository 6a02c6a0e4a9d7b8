import { randomUUID } from 'node:crypto';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TenantService, TenantSuspendedError } from 'nestjs-tenancy';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../apps/communication/src/app.js';
import { readEnvironment } from '../apps/communication/src/environment.js';
import { issueToken } from '../apps/communication/src/issue-token.js';
import { MessageQueue } from '../apps/communication/src/queue/message-queue.js';
import { Delivery } from '../apps/communication/src/sending/delivery.js';
import type { MailServer } from '../apps/communication/src/testing/mail-server.js';
import { startMailServer } from '../apps/communication/src/testing/mail-server.js';
import type { Registry } from '../apps/tenant-management/src/testing/running-registry.js';
import { startRegistry, TOKEN } from '../apps/tenant-management/src/testing/running-registry.js';
import { openServerLink } from './support/server-link.js';
import { useTestDatabase } from './support/test-database.js';

const JWT_SECRET = 'a secret of more than 32 characters';
const acmesToken = issueToken({ tenant: 'acme', secret: JWT_SECRET });
/** What is promised. */
const SOON = { timeout: 2_000, interval: 20 };

interface Instance {
  readonly app: NestExpressApplication;
  /** The status and the body of a request of acme's. */
  get(path: string): Promise<{ status: number; body: Record<string, unknown> }>;
}

const database = useTestDatabase();
let registry: Registry;
let mail: MailServer;
let instances: Instance[];
const extra: Array<() => Promise<unknown>> = [];

/** The communication service, which would believe what it knows for an hour if nobody told it of changes. */
async function startInstance(variables: Record<string, string> = {}): Promise<Instance> {
  const app = await createApp(
    readEnvironment({
      DATABASE_URL: database.url,
      DATABASE_POOL_SIZE: '4',
      TENANT_MANAGEMENT_URL: registry.url,
      TENANT_MANAGEMENT_TOKEN: TOKEN,
      TENANT_CACHE_TTL_MS: '3600000',
      PLAN_REQUESTS_PER_MINUTE: 'default=1000000',
      ADDRESS_REQUESTS_PER_MINUTE: '1000000',
      JWT_SECRET,
      SMTP_URL: mail.url,
      EMAIL_FROM: 'no-reply@example.com',
      TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
      TWILIO_AUTH_TOKEN: 'not used',
      MESSAGE_HOLD_MS: '100',
      ...variables,
    }),
    { logger: false },
  );
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    app,
    get: async (path) => {
      const response = await fetch(url + path, { headers: { authorization: `Bearer ${acmesToken}` } });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
  };
}

const isListening = ({ app }: Instance): boolean => app.get(TenantService).metrics().watch === 'listening';
const statuses = (of: readonly Instance[]): Promise<number[]> =>
  Promise.all(of.map(async ({ get }) => (await get('/messages')).status));

async function change(action: 'suspend' | 'restore'): Promise<void> {
  expect((await registry.call('POST', `/tenants/acme/${action}`)).status).toBe(200);
}

beforeAll(async () => {
  await database.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${database.appRole}`);
  [registry, mail] = await Promise.all([startRegistry(database), startMailServer()]);
  for (const id of ['acme', 'globex']) await registry.call('POST', '/tenants', { id });
  instances = [await startInstance(), await startInstance()];
  await vi.waitFor(() => expect(instances.map(isListening)).toEqual([true, true]), 5_000);
});
beforeEach(async () => {
  await change('restore');
  await vi.waitFor(async () => expect(await statuses(instances)).toEqual([200, 200]), SOON);
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const end of extra.splice(0)) await end();
});
afterAll(async () => {
  await Promise.all(instances.map(({ app }) => app.close()));
  await registry.app.close();
  await mail.stop();
});

describe('a tenant that is suspended in the tenant management service', () => {
  it('is refused by every instance within two seconds, like one that is not there', async () => {
    await change('suspend');
    await vi.waitFor(async () => expect(await statuses(instances)).toEqual([404, 404]), SOON);
    for (const { get } of instances) expect((await get('/messages')).body.code).toBe('TENANT_NOT_FOUND');

    await change('restore');
    await vi.waitFor(async () => expect(await statuses(instances)).toEqual([200, 200]), SOON);
  });

  it('has its messages held by the workers, and sent when it is restored', async () => {
    await change('suspend');
    await vi.waitFor(async () => expect(await statuses(instances)).toEqual([404, 404]), SOON);
    const workers = instances.map(({ app }) => vi.spyOn(app.get(Delivery), 'process'));
    const ids = Array.from({ length: 20 }, () => randomUUID());
    await database.query(
      `INSERT INTO t_acme.messages (id, channel, "to", subject, body)
       SELECT id, 'email', 'ada@example.com', 'Hello', 'Hello Ada!' FROM unnest($1::uuid[]) AS id`,
      [ids],
    );
    for (const messageId of ids) await instances[0].app.get(MessageQueue).add({ tenantId: 'acme', messageId });

    // Whoever had one in its hands has let it go.
    await vi.waitFor(async () => expect(await database.query('SELECT FROM bullmq.job')).toEqual([]), 10_000);
    for (const { type, value } of workers.flatMap((worker) => worker.mock.settledResults)) {
      if (type !== 'incomplete') expect([type, value]).toEqual(['rejected', expect.any(TenantSuspendedError)]);
    }
    expect(mail.mails).toEqual([]);

    await change('restore');
    await vi.waitFor(async () => {
      expect(await database.query(`SELECT FROM t_acme.messages WHERE status = 'sent'`)).toHaveLength(ids.length);
    }, 10_000);
    expect(mail.mails).toHaveLength(ids.length);
  });
});

describe('a setting that is changed in the tenant management service', () => {
  it('is what every instance reads within two seconds', async () => {
    const read = () => Promise.all(instances.map(async ({ get }) => (await get('/config')).body['sms.senderId']));
    expect(await read()).toEqual([undefined, undefined]);
    await registry.call('PATCH', '/tenants/acme/config', { 'sms.senderId': 'ACME' });

    await vi.waitFor(async () => expect(await read()).toEqual(['ACME', 'ACME']), SOON);
  });
});

describe('an instance that is told of no changes', () => {
  it('goes on with what it knows until the time to live is over', async () => {
    const deaf = await startInstance({ TENANT_WATCH: 'false' });
    const forgetful = await startInstance({ TENANT_WATCH: 'false', TENANT_CACHE_TTL_MS: '500' });
    extra.push(
      () => deaf.app.close(),
      () => forgetful.app.close(),
    );
    expect(await statuses([deaf, forgetful])).toEqual([200, 200]);
    await change('suspend');
    await vi.waitFor(async () => expect(await statuses(instances)).toEqual([404, 404]), SOON);
    await vi.waitFor(async () => expect(await statuses([forgetful])).toEqual([404]), 5_000);

    expect(await statuses([deaf])).toEqual([200]);
  });
});

describe('an instance whose stream of changes is cut', () => {
  it('goes on with what it knows, connects again by itself and catches up', async () => {
    const link = await openServerLink(registry.url);
    extra.push(() => link.close());
    const apart = await startInstance({ TENANT_MANAGEMENT_URL: link.url.replace(/\/$/, '') });
    extra.unshift(() => apart.app.close());
    await vi.waitFor(() => expect(isListening(apart)).toBe(true), 5_000);
    expect(await statuses([apart])).toEqual([200]);

    await link.cut();
    await vi.waitFor(() => expect(isListening(apart)).toBe(false), SOON);
    await change('suspend');
    await vi.waitFor(async () => expect(await statuses(instances)).toEqual([404, 404]), SOON);
    expect(await statuses([apart])).toEqual([200]);

    await link.restore();
    await vi.waitFor(() => expect(isListening(apart)).toBe(true), 10_000);
    await vi.waitFor(async () => expect(await statuses([apart])).toEqual([404]), SOON);
  });

  it('catches up when the service itself had lost its database', async () => {
    const resumed = () => instances.map(({ app }) => app.get(TenantService).metrics().changes.resumed);
    const before = resumed();
    await database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query IN ('LISTEN nestjs_tenancy_changes', 'SELECT 1')`,
    );
    await vi.waitFor(() => {
      for (const [at, count] of resumed().entries()) expect(count).toBeGreaterThan(before[at]);
    }, 5_000);
    await change('suspend');
    await vi.waitFor(async () => expect(await statuses(instances)).toEqual([404, 404]), SOON);
  });
});

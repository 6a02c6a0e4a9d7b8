import { userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { tenantSchemas, TOKEN, useRegistry } from '../apps/tenant-management/src/testing/running-registry.js';
import { tenancy, tenancyJson } from './support/tenancy-command.js';

const registry = useRegistry();
const folderOf = (app: string): string => fileURLToPath(new URL(`../apps/${app}`, import.meta.url));
const management = folderOf('tenant-management');
const communication = folderOf('communication');
const COUNT = 203;
let asManagement: Record<string, string>;
let asCommunication: Record<string, string>;

beforeAll(async () => {
  asManagement = { DATABASE_URL: registry.database.appUrl, SERVICE_TOKEN: TOKEN };
  asCommunication = {
    DATABASE_URL: registry.database.appUrl,
    TENANT_MANAGEMENT_URL: registry.url,
    TENANT_MANAGEMENT_TOKEN: TOKEN,
    JWT_SECRET: 'secret-of-the-tests-which-is-long-enough',
    SMTP_URL: 'smtp://127.0.0.1:1',
    TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
    TWILIO_AUTH_TOKEN: 'token',
  };
  for (const id of ['acme', 'globex']) await registry.call('POST', '/tenants', { id });
});

describe('tenancy in the folder of the tenant management service', () => {
  it('works on the tenants of the service, with its own options', async () => {
    const { exitCode, stdout } = await tenancy(['status'], asManagement, management);

    expect(exitCode).toBe(0);
    expect(stdout).toContain('2 tenants: 2 current\n');
    expect(await tenancy(['drift'], asManagement, management)).toMatchObject({ exitCode: 0 });
  });

  it('says which variables are missing', async () => {
    const { exitCode, stderr } = await tenancy(['status'], { DATABASE_URL: '', SERVICE_TOKEN: '' }, management);

    expect(exitCode).toBe(2);
    expect(stderr).toContain('DATABASE_URL is missing');
  });
});

interface Told {
  readonly tenant: { readonly id: string; readonly status: string; readonly schema: string };
}

describe.each([
  ['the registry’s own table', () => [asManagement, management] as const],
  ['the API of the registry', () => [asCommunication, communication] as const],
])('the life of a tenant, over %s', (_, where) => {
  const run = (...args: string[]) => tenancy(['tenants', ...args], ...where());
  const json = (...args: string[]) => tenancyJson<Told>(['tenants', ...args], ...where());
  const rows = () => registry.database.query('SELECT * FROM public.tenants ORDER BY id');
  const statusOf = async (id: string): Promise<string | undefined> =>
    (await registry.database.query<{ status: string }>('SELECT status FROM public.tenants WHERE id = $1', [id]))[0]
      ?.status;

  it('is made, renamed, suspended, restored, archived and dropped', async () => {
    const before = await rows();
    const made = await json(
      'create',
      'initech',
      '--name',
      'Initech',
      '--plan',
      'gold',
      '--settings',
      '{"email.enabled":false}',
    );
    expect(made).toMatchObject({
      exitCode: 0,
      document: { tenant: { id: 'initech', name: 'Initech', status: 'active' } },
    });
    const { schema } = made.document.tenant;
    expect(await tenantSchemas(registry.database)).toContain(schema);
    expect(await run('rename', 'initech', 'Initrode')).toMatchObject({
      exitCode: 0,
      stdout: `changed initech (Initrode): active, plan gold, schema ${schema} on default\n`,
    });
    for (const [change, status] of [
      ['suspend', 'suspended'],
      ['restore', 'active'],
      ['archive', 'archived'],
    ]) {
      expect(await run(change, 'initech', '--dry-run')).toMatchObject({
        exitCode: 0,
        stdout: `Would ${change} initech. Nothing was done.\n`,
      });
      expect(await statusOf('initech')).not.toBe(status);
      expect(await run(change, 'initech')).toMatchObject({ exitCode: 0 });
      expect(await statusOf('initech')).toBe(status);
    }
    expect(await json('drops')).toMatchObject({ document: { drops: [{ id: 'initech', isDue: false }] } });

    expect(await run('drop', 'initech')).toMatchObject({ exitCode: 2 });
    expect(await run('drop', 'initech', '--confirm', 'acme')).toMatchObject({ exitCode: 2 });
    expect(await run('drop', 'initech', '--dry-run')).toMatchObject({ exitCode: 0 });
    // It is to be kept for a while yet.
    expect(await json('drop', 'initech', '--confirm', 'initech')).toMatchObject({
      exitCode: 1,
      document: { error: { code: 'TENANT_CHANGE_REFUSED', reason: 'TENANT_DROP_NOT_DUE' } },
    });
    expect(await tenantSchemas(registry.database)).toContain(schema);
    expect(await run('drop', 'initech', '--confirm', 'initech', '--erase')).toMatchObject({
      exitCode: 0,
      stdout: 'dropped initech\n',
    });
    expect(await tenantSchemas(registry.database)).not.toContain(schema);
    expect(await rows()).toEqual(before);
  });

  it('is refused where it cannot be', async () => {
    const before = await rows();

    expect(await json('create', 'acme')).toMatchObject({
      exitCode: 1,
      document: { error: { reason: 'TENANT_EXISTS' } },
    });
    expect(await json('create', 'acme', '--dry-run')).toMatchObject({ exitCode: 1 });
    expect(await run('create', 'initech', '--dry-run')).toMatchObject({ exitCode: 0 });
    expect(await run('create', '../admin')).toMatchObject({ exitCode: 2 });
    expect(await run('create', 'initech', '--settings', '{oops')).toMatchObject({ exitCode: 2 });
    for (const change of [
      ['create', 'initech', '--dry-run'],
      ['rename', 'acme', '--dry-run'],
      ['rename', 'acme'],
    ]) {
      expect(await json(...change, '--domains', 'a.example,Shop.Acme.Example')).toMatchObject({
        exitCode: 1,
        document: { error: { reason: 'DOMAIN_INVALID', message: expect.stringContaining('"shop.acme.example"') } },
      });
    }
    expect(await run('suspend', 'nobody')).toMatchObject({ exitCode: 2 });
    expect(await run('rename', 'acme')).toMatchObject({ exitCode: 2 });
    expect(await rows()).toEqual(before);
  });
});

describe('the audit trail', () => {
  it('says that the command did it, and who typed it', async () => {
    await tenancy(['tenants', 'rename', 'acme', 'Acme Holding'], asManagement, management);
    const [{ actor }] = await registry.database.query<{ actor: string }>(
      'SELECT actor FROM public.tenant_audit ORDER BY id DESC LIMIT 1',
    );

    expect(actor).toBe(`tenancy (${userInfo().username})`);
  });
});

describe('tenancy in the folder of the communication service', () => {
  it('lists the tenants that the registry tells of', async () => {
    const { exitCode, document } = await tenancyJson(['tenants', 'list'], asCommunication, communication);

    expect(exitCode).toBe(0);
    expect(document).toMatchObject({ tenants: [{ id: 'acme' }, { id: 'globex' }] });
  });

  it('lists more than the registry gives at once', async () => {
    await registry.database.query(
      `INSERT INTO public.tenants (id, name, schema, status, plan)
       SELECT 'other' || n, 'Other', 't_other' || n, 'suspended', 'default' FROM generate_series(3, ${COUNT}) AS n`,
    );
    const { document } = await tenancyJson<{ tenants: unknown[] }>(['tenants', 'list'], asCommunication, communication);
    await registry.database.query("DELETE FROM public.tenants WHERE name = 'Other'");

    expect(document.tenants).toHaveLength(COUNT);
  });
});

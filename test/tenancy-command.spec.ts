import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { TOKEN, useRegistry } from '../apps/tenant-management/src/testing/running-registry.js';
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

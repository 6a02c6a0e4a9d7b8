import { HttpTenantStore, TenantAdministration, TenantLifecycle } from 'nestjs-tenancy';
import { expect, it } from 'vitest';
import type { AdministeredTenants } from '../../../../test/support/describe-tenant-administration.js';
import { describeTenantAdministration } from '../../../../test/support/describe-tenant-administration.js';
import { tenantSchemas, TOKEN, useRegistry } from '../testing/running-registry.js';

const registry = useRegistry();
const http = (): HttpTenantStore => new HttpTenantStore({ baseUrl: registry.url, token: TOKEN });

function administered(administration: TenantAdministration): AdministeredTenants {
  return {
    administration,
    store: http(),
    hasSchema: async (schema) => (await tenantSchemas(registry.database)).includes(schema),
    endGrace: async (id) => {
      await registry.database.query('UPDATE public.tenants SET drop_after = now() WHERE id = $1', [id]);
    },
  };
}

describeTenantAdministration('HttpTenantStore', () => administered(http()));

it('the administration of the application that has the table is the life of its tenants', () => {
  expect(registry.app.get(TenantAdministration)).toBe(registry.app.get(TenantLifecycle));
});

import { communicationEntities, communicationMigrations } from 'communication-schema';
import { InMemoryTenantStore, TenantDataSourceFactory, TenantSchemaService } from 'nestjs-tenancy';

/** The two tenants of every test, each with a sender of its own. */
export function acmeAndGlobex(): InMemoryTenantStore {
  return new InMemoryTenantStore([
    {
      id: 'acme',
      name: 'Acme',
      schema: 't_acme',
      plan: 'gold',
      domains: ['mail.acme.example'],
      config: { 'email.from': 'Acme <hello@acme.example>', 'sms.senderId': 'ACME' },
    },
    {
      id: 'globex',
      name: 'Globex',
      schema: 't_globex',
      config: { 'email.from': 'Globex <hello@globex.example>', 'sms.senderId': '+14155550199' },
    },
  ]);
}

/** Makes the schemas of all tenants, as the tenant management service does. */
export async function createSchemas(url: string, tenants: InMemoryTenantStore, grantTo: string[] = []): Promise<void> {
  const factory = new TenantDataSourceFactory(
    { url, entities: communicationEntities, migrations: communicationMigrations, poolSize: 1 },
    () => Promise.reject(new Error('not looked up')),
  );
  await factory.initialize();
  const schemas = new TenantSchemaService(factory.dataSource, (tenant) => factory.forTenant(tenant), grantTo);
  for (const tenant of (await tenants.list({ limit: 100, offset: 0 })).tenants) await schemas.create(tenant);
  await factory.destroy();
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

// For whoever asks the table itself which tenant has a domain, as TypeOrmTenantStore does.
export class IndexDomains1760000000001 implements MigrationInterface {
  readonly name = 'IndexDomains1760000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX tenants_domains ON public.tenants USING gin (domains)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX public.tenants_domains');
  }
}

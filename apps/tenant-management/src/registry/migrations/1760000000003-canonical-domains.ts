import type { MigrationInterface, QueryRunner } from 'typeorm';

// Two spellings of one name would be two domains to the primary key. What somebody stored before stays: it matches nothing.
export class CanonicalDomains1760000000003 implements MigrationInterface {
  readonly name = 'CanonicalDomains1760000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE public.tenant_domains
        ADD CONSTRAINT tenant_domains_canonical CHECK (domain ~ '^[a-z0-9.-]*[a-z0-9]$') NOT VALID`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE public.tenant_domains DROP CONSTRAINT tenant_domains_canonical');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

// Everything is named with its schema: the service's role has no search_path.
export class CreateRegistry1760000000000 implements MigrationInterface {
  readonly name = 'CreateRegistry1760000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE public.tenants (
        id text COLLATE "C" PRIMARY KEY,
        name text NOT NULL,
        schema text NOT NULL UNIQUE,
        status text NOT NULL CHECK (status IN ('active', 'suspended', 'provisioning', 'archived')),
        domains text[] NOT NULL DEFAULT '{}',
        plan text NOT NULL DEFAULT 'default',
        config jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(config) = 'object'),
        database text,
        metadata jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE TABLE public.tenant_domains (
        domain text PRIMARY KEY,
        tenant_id text COLLATE "C" NOT NULL REFERENCES public.tenants (id) ON DELETE CASCADE
      )`);
    await runner.query('CREATE INDEX tenant_domains_tenant ON public.tenant_domains (tenant_id)');
    // tenants.domains is what is read and written; the primary key of tenant_domains lets only one tenant have each.
    // In the order of the domains, so that two tenants that claim the same ones wait for each other, not both ways.
    await runner.query(`
      CREATE FUNCTION public.claim_tenant_domains() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
      BEGIN
        DELETE FROM public.tenant_domains WHERE tenant_id = NEW.id AND domain <> ALL (NEW.domains);
        INSERT INTO public.tenant_domains (domain, tenant_id)
          SELECT DISTINCT wanted.domain, NEW.id
            FROM unnest(NEW.domains) AS wanted (domain)
           WHERE NOT EXISTS (
                   SELECT FROM public.tenant_domains AS own
                    WHERE own.domain = wanted.domain AND own.tenant_id = NEW.id)
           ORDER BY wanted.domain;
        RETURN NULL;
      END $$`);
    await runner.query(`
      CREATE TRIGGER claim_domains AFTER INSERT OR UPDATE OF domains ON public.tenants
        FOR EACH ROW EXECUTE FUNCTION public.claim_tenant_domains()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE public.tenant_domains, public.tenants');
    await runner.query('DROP FUNCTION public.claim_tenant_domains()');
  }
}

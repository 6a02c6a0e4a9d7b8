import type { MigrationInterface, QueryRunner } from 'typeorm';

// When an archived tenant may be dropped, and since when it is being dropped; who changed what; and a word to every instance
// of every service about each change.
export class LifecycleOfTenants1760000000002 implements MigrationInterface {
  readonly name = 'LifecycleOfTenants1760000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE public.tenants
        ADD COLUMN drop_after timestamptz,
        ADD COLUMN drop_began_at timestamptz`);
    // Until now only a tenant that was being deleted was archived.
    await runner.query(`UPDATE public.tenants SET drop_began_at = now() WHERE status = 'archived'`);
    await runner.query(`CREATE INDEX tenants_archived ON public.tenants (drop_after, id) WHERE status = 'archived'`);
    await this.createAudit(runner);
    await this.createNotices(runner);
  }

  private async createAudit(runner: QueryRunner): Promise<void> {
    // No foreign key: it outlives the tenants.
    await runner.query(`
      CREATE TABLE public.tenant_audit (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        actor text NOT NULL,
        action text NOT NULL,
        tenant_id text COLLATE "C" NOT NULL,
        details jsonb NOT NULL DEFAULT '{}'
      )`);
    await runner.query('CREATE INDEX tenant_audit_tenant ON public.tenant_audit (tenant_id, id)');
    await runner.query(`
      CREATE FUNCTION public.refuse_tenant_audit_change() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
      BEGIN
        RAISE EXCEPTION 'public.tenant_audit only grows' USING ERRCODE = 'insufficient_privilege';
      END $$`);
    await runner.query(`
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON public.tenant_audit
        FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_tenant_audit_change()`);
  }

  private async createNotices(runner: QueryRunner): Promise<void> {
    // The name of the channel is nestjs-tenancy's. A payload has less than 8,000 bytes, an id at most 255 characters.
    await runner.query(`
      CREATE FUNCTION public.tell_of_tenant() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
      BEGIN
        PERFORM pg_catalog.pg_notify('nestjs_tenancy_changes', pg_catalog.left(COALESCE(NEW.id, OLD.id), 255));
        RETURN NULL;
      END $$`);
    await runner.query(`
      CREATE TRIGGER tell_of_change AFTER INSERT OR UPDATE OR DELETE ON public.tenants
        FOR EACH ROW EXECUTE FUNCTION public.tell_of_tenant()`);
    await runner.query(`
      CREATE FUNCTION public.touch_tenant() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
      BEGIN
        NEW.updated_at := pg_catalog.clock_timestamp();
        RETURN NEW;
      END $$`);
    await runner.query(`
      CREATE TRIGGER touch BEFORE UPDATE ON public.tenants FOR EACH ROW EXECUTE FUNCTION public.touch_tenant()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER tell_of_change ON public.tenants');
    await runner.query('DROP TRIGGER touch ON public.tenants');
    await runner.query('DROP TABLE public.tenant_audit');
    await runner.query(
      'DROP FUNCTION public.tell_of_tenant(), public.touch_tenant(), public.refuse_tenant_audit_change()',
    );
    await runner.query('ALTER TABLE public.tenants DROP COLUMN drop_after, DROP COLUMN drop_began_at');
  }
}

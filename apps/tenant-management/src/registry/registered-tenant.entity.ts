import type { TenantStatus } from 'nestjs-tenancy';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

/** A tenant as the registry keeps it: the columns that `TypeOrmTenantStore` reads, and when they were written. */
@Entity({ name: 'tenants', schema: 'public' })
export class RegisteredTenant {
  @PrimaryColumn('text')
  id: string;

  @Column('text')
  name: string;

  @Column('text')
  schema: string;

  @Column('text')
  status: TenantStatus;

  /** Each domain is one tenant's: a trigger of the table claims it, see the migration. */
  @Column('text', { array: true })
  domains: string[];

  @Column('text')
  plan: string;

  @Column('jsonb')
  config: Record<string, unknown>;

  @Column('text', { nullable: true })
  database: string | null;

  @Column('jsonb')
  metadata: Record<string, unknown>;

  /** From when on an archived tenant may be dropped. */
  @Column('timestamptz', { name: 'drop_after', nullable: true })
  dropAfter: Date | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt: Date;
}

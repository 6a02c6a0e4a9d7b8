import type { TenantMigrationEvent } from '../schemas/migrations/tenant-migrations-report.js';
import type { Progress } from './output/progress.js';
import { printable } from './output/printable.js';

/** Shows how far the migrations of the tenants are. */
export class MigrationProgress {
  constructor(private readonly progress: Progress) {}

  show(event: TenantMigrationEvent): void {
    if (event.type === 'planned') this.progress.begin(event.todo);
    if (event.type !== 'finished') return;
    const { done, result } = event;
    this.progress.advance(done, result.outcome === 'failed' ? failureOf(result) : undefined);
  }

  end(): void {
    this.progress.end();
  }
}

/** One line about what went wrong for a tenant. */
export function failureOf({ tenantId, outcome, error }: { tenantId: string; outcome: string; error?: Error }): string {
  const { code, sqlState } = (error ?? {}) as { code?: string; sqlState?: string };
  const codes = [code, sqlState].filter(Boolean).join(', SQLSTATE ');
  return printable(`${outcome} ${tenantId}: ${error?.message ?? ''}${codes && ` (${codes})`}`);
}

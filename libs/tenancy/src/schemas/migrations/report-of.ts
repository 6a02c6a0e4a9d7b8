import { TenancyError } from '../../tenancy.errors.js';
import type { Tenant } from '../../tenants/tenant.js';
import type { FoundSchema } from './executed-migrations.js';
import { failureOf } from './failed-migration.js';
import { placeOf } from './fleet.js';
import type { TenantMigrationReport, TenantMigrationResult } from './tenant-migrations-report.js';

interface Run {
  readonly found: readonly FoundSchema[];
  readonly todo: readonly FoundSchema[];
  readonly results: ReadonlyMap<Tenant, TenantMigrationResult>;
  readonly ended: TenantMigrationReport['ended'];
  readonly notReplayed: ReadonlyMap<string, string>;
  readonly start: number;
}

const OUTCOMES = [
  'migrated',
  'reverted',
  'current',
  'failed',
  'skipped',
  'missing',
  'foreign',
  'unreadable',
] as const satisfies Array<TenantMigrationResult['outcome']>;

const WRONG: readonly string[] = ['failed', 'skipped', 'foreign', 'unreadable'];
/** Tenants of these need no schema. */
const WITHOUT_SCHEMA: readonly string[] = ['provisioning', 'archived'];

/** What came of a run: for every tenant that was selected, also those that there was nothing to do for. */
export function reportOf({ found, todo, results: done, ended, notReplayed, start }: Run): TenantMigrationReport {
  const waiting = new Set(todo.map(({ tenant }) => tenant));
  const results = found.map(
    (one) => done.get(one.tenant) ?? untouched(one, waiting.has(one.tenant) ? 'skipped' : 'current'),
  );
  const count = (outcome: string) => results.filter((result) => result.outcome === outcome).length;
  return {
    results,
    counts: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, count(outcome)])) as TenantMigrationReport['counts'],
    isComplete: results.every(({ outcome }, at) =>
      outcome === 'missing' ? WITHOUT_SCHEMA.includes(found[at].tenant.status) : !WRONG.includes(outcome),
    ),
    ...(ended && { ended }),
    notReplayed: [...notReplayed].map(([migration, reason]) => ({ migration, reason })),
    duration: performance.now() - start,
  };
}

function untouched({ tenant, fault, error }: FoundSchema, outcome: 'skipped' | 'current'): TenantMigrationResult {
  const result = { ...placeOf(tenant), outcome: fault ?? outcome, migrations: [], replayed: false, duration: 0 };
  if (error === undefined) return result;
  return { ...result, error: problemOf(tenant, error) };
}

/** The error of what went wrong for a tenant, which may be one of this module's already. */
export function problemOf(tenant: Tenant, error: unknown): TenancyError {
  return error instanceof TenancyError ? error : failureOf(tenant, error);
}

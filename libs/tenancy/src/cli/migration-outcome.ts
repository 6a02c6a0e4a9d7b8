import type { TenantMigrationReport, TenantMigrationResult } from '../schemas/migrations/tenant-migrations-report.js';
import { EXIT } from './exit-code.js';
import { failureOf } from './migration-progress.js';
import type { Outcome } from './outcome.js';
import { errorDocument } from './output/error-report.js';
import { count, duration, tenants as numberOf } from './output/numbers.js';

const ENDED = {
  canary: 'One of the first tenants failed: nobody else was touched.',
  error: 'Stopped at the first failure, as asked.',
  signal: 'Stopped before its end. The same command goes on from there.',
} as const;

const FAULTS = {
  missing: 'has no schema',
  foreign: 'has a schema of that name that was not made for it',
  unreadable: 'cannot be read',
} as const;

/** What is said of a run of migrations. */
export function outcomeOf(report: TenantMigrationReport): Outcome {
  const { results, counts, isComplete, ended, notReplayed } = report;
  return {
    exitCode: isComplete ? EXIT.done : EXIT.findings,
    document: { ...report, results: results.map(documentOf) },
    lines: [
      `${numberOf(results.length)} in ${duration(report.duration)}: ${countsOf(counts)}`,
      ...results.flatMap(wrongWith),
      ...(ended ? [ENDED[ended]] : []),
      ...notReplayed.map(({ migration, reason }) => `Not sent as recorded SQL: ${migration} (${reason})`),
    ],
  };
}

function documentOf({ error, ...result }: TenantMigrationResult): object {
  return { ...result, ...(error && { error: errorDocument(error) }) };
}

function countsOf(counts: TenantMigrationReport['counts']): string {
  const said = Object.entries(counts).filter(([, number]) => number > 0);
  return said.map(([outcome, number]) => `${count(number)} ${outcome}`).join(', ') || 'none';
}

function wrongWith(result: TenantMigrationResult): string[] {
  const { tenantId, schema, outcome, error } = result;
  if (outcome === 'failed' || error) return [`  ${failureOf(result)}`];
  if (outcome === 'missing' || outcome === 'foreign' || outcome === 'unreadable') {
    return [`  ${outcome} ${tenantId}: it ${FAULTS[outcome]} (${schema})`];
  }
  return [];
}

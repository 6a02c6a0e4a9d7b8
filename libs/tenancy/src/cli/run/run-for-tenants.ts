import { placeOf } from '../../schemas/migrations/fleet.js';
import { runBounded } from '../../schemas/migrations/run-bounded.js';
import type { TenantPlace } from '../../schemas/migrations/tenant-migrations-report.js';
import { TenancyCommandError } from '../../tenancy.errors.js';
import type { Tenant } from '../../tenants/tenant.js';
import type { Output } from '../output/output.js';
import type { ProcessEnd } from './tenant-process.js';
import { TenantProcesses } from './tenant-process.js';

/** What came of a command for one tenant. */
export interface TenantRunResult extends TenantPlace, Partial<ProcessEnd> {
  readonly outcome: 'done' | 'failed' | 'skipped';
  /** In milliseconds. */
  readonly duration: number;
  readonly error?: string;
}

export interface RunForTenants {
  readonly concurrency: number;
  readonly onError: 'continue' | 'stop';
  readonly signal: AbortSignal;
  readonly output: Output;
  readonly processes?: TenantProcesses;
}

/** Runs a command once for each tenant, so many at once. One result for each, in their order. */
export async function runForTenants(
  command: readonly string[],
  tenants: readonly Tenant[],
  { concurrency, onError, signal, output, processes = new TenantProcesses() }: RunForTenants,
): Promise<TenantRunResult[]> {
  const results = new Map<Tenant, TenantRunResult>();
  let hasFailed = false;
  const isOver = (): boolean => signal.aborted || (hasFailed && onError === 'stop');
  await runBounded(tenants, concurrency, isOver, async (tenant) => {
    const result = await one(command, tenant, output, processes);
    results.set(tenant, result);
    hasFailed ||= result.outcome === 'failed';
  });
  return tenants.map((tenant) => results.get(tenant) ?? { ...placeOf(tenant), outcome: 'skipped', duration: 0 });
}

async function one(
  command: readonly string[],
  tenant: Tenant,
  output: Output,
  processes: TenantProcesses,
): Promise<TenantRunResult> {
  const start = performance.now();
  const place = placeOf(tenant);
  const duration = (): number => performance.now() - start;
  try {
    const end = await processes.run(command, tenant, (stream, line) => output.passOn(stream, tenant.id, line));
    return { ...place, outcome: end.exitCode === 0 ? 'done' : 'failed', ...end, duration: duration() };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // It would be so for every tenant.
    if (code === 'ENOENT' || code === 'EACCES') {
      throw new TenancyCommandError(`${JSON.stringify(command[0])} cannot be run: ${message}.`, { cause: error });
    }
    return { ...place, outcome: 'failed', duration: duration(), error: message };
  }
}

import type { TenancyError } from '../../tenancy.errors.js';
import type { Tenant } from '../../tenants/tenant.js';
import { AtWork, failureOf } from './failed-migration.js';
import { groupBy, placeOf, serverOf } from './fleet.js';
import { runBounded } from './run-bounded.js';
import type { TenantRunOptions } from './tenant-migrations-options.js';
import type { TenantMigrationReport, TenantMigrationResult } from './tenant-migrations-report.js';

type Ended = TenantMigrationReport['ended'];

/** What was done for one tenant. */
export interface Done {
  readonly outcome: 'migrated' | 'reverted' | 'current';
  readonly replayed: boolean;
}

/** What there is to do for one tenant: it adds the migrations that it has run to `done`, each as soon as it is stored. */
export type TenantWork = (tenant: Tenant, at: AtWork, done: string[]) => Promise<Done>;

/** Does something for many tenants: the canary first, then so many at once on each server. */
export class FleetRun {
  private readonly results = new Map<Tenant, TenantMigrationResult>();
  private ended: Ended;

  constructor(
    private readonly options: TenantRunOptions,
    private readonly todo: readonly Tenant[],
    private readonly work: TenantWork,
  ) {}

  async run(): Promise<{ readonly results: ReadonlyMap<Tenant, TenantMigrationResult>; readonly ended: Ended }> {
    const { canary, concurrency } = this.options;
    await runBounded(
      this.todo.slice(0, canary),
      1,
      () => this.isOver(),
      (tenant) => this.one(tenant, true),
    );
    const servers = groupBy(this.todo.slice(canary), serverOf);
    const ends = await Promise.allSettled(
      [...servers.values()].map((tenants) =>
        runBounded(
          tenants,
          concurrency,
          () => this.isOver(),
          (tenant) => this.one(tenant, false),
        ),
      ),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    return { results: this.results, ended: this.ended };
  }

  private isOver(): boolean {
    if (this.options.signal?.aborted) this.ended ??= 'signal';
    return this.ended !== undefined;
  }

  private async one(tenant: Tenant, isCanary: boolean): Promise<void> {
    const { onEvent } = this.options;
    onEvent?.({ type: 'started', tenant: placeOf(tenant) });
    const result = await this.resultOf(tenant);
    this.results.set(tenant, result);
    if (result.outcome === 'failed') {
      if (isCanary) this.ended ??= 'canary';
      else if (this.options.onError === 'stop') this.ended ??= 'error';
    }
    onEvent?.({ type: 'finished', result, done: this.results.size, todo: this.todo.length, isCanary });
  }

  private async resultOf(tenant: Tenant): Promise<TenantMigrationResult> {
    const start = performance.now();
    const at = new AtWork();
    const migrations: string[] = [];
    const place = placeOf(tenant);
    const duration = () => performance.now() - start;
    try {
      const done = await this.work(tenant, at, migrations);
      return { ...place, ...done, migrations, duration: duration() };
    } catch (error) {
      const failure: TenancyError = failureOf(tenant, error, at.migration);
      return { ...place, outcome: 'failed', migrations, replayed: false, duration: duration(), error: failure };
    }
  }
}

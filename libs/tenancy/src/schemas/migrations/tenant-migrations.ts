import type { Observable } from 'rxjs';
import { Subject } from 'rxjs';
import type { DataSource } from 'typeorm';
import { TenancyOptionsError } from '../../tenancy.errors.js';
import type { Tenant } from '../../tenants/tenant.js';
import type { SchemaGrants } from '../schema-grants.js';
import { DriftSearch } from './drift-search.js';
import type { FoundSchema } from './executed-migrations.js';
import { readExecuted } from './executed-migrations.js';
import type { TenantWork } from './fleet-run.js';
import { FleetRun } from './fleet-run.js';
import type { TenantFinder } from './fleet.js';
import { groupBy, placeOf, selectTenants, serverOf } from './fleet.js';
import { KnownMigrations } from './known-migrations.js';
import { MigrateFleet } from './migrate-fleet.js';
import type { RunSettings } from './ordinary-run.js';
import { OrdinaryRun } from './ordinary-run.js';
import type { Outline } from './plain-sql.js';
import { Recording } from './recording.js';
import { Replay } from './replay.js';
import { problemOf, reportOf } from './report-of.js';
import { ShadowSchemas } from './shadow-schema.js';
import type { TenantMigrateOptions, TenantRevertOptions, TenantSelection } from './tenant-migrations-options.js';
import { checkRunOptions, TenantMigrateRunOptions, TenantRunOptions } from './tenant-migrations-options.js';
import type {
  TenantDriftReport,
  TenantMigrationReport,
  TenantMigrationResult,
  TenantMigrationStatus,
} from './tenant-migrations-report.js';
import type { OutsideQuery } from './without-transaction.js';
import { Unlocked } from './without-transaction.js';

/** What the migrations of many tenants are run with. */
export interface TenantMigrationsParts {
  readonly dataSource: DataSource;
  /** Works in a tenant's schema as the owner of what is in it. */
  readonly forOwner: (tenant: Tenant) => DataSource;
  /** Works on a named database server as the system. */
  readonly systemOf: (server: string) => DataSource;
  readonly outside: OutsideQuery;
  readonly outline: Outline;
  readonly tenants: TenantFinder;
  readonly grants: SchemaGrants;
}

/**
 * Migrates, reverts and examines the schemas of all tenants, with TypeORM's own migration classes. Each schema is migrated
 * under the lock that TenantSchemaService takes too, so that two runs at once never run a migration twice, and a run that
 * was killed is simply begun again.
 *
 * @example
 * const report = await migrations.migrate({ canary: 5, onEvent: (event) => console.log(event) });
 * if (!report.isComplete) console.error(report.results.filter(({ error }) => error));
 */
export class TenantMigrations {
  private readonly shadows: ShadowSchemas;
  private readonly unlocked: Unlocked;
  private readonly finished = new Subject<TenantMigrationResult>();
  /** Each schema in which migrations have run, or were reverted, as soon as that is so. */
  readonly migrated: Observable<TenantMigrationResult> = this.finished.asObservable();

  constructor(private readonly parts: TenantMigrationsParts) {
    const { dataSource, forOwner, systemOf, outside } = parts;
    this.shadows = new ShadowSchemas(dataSource, forOwner);
    this.unlocked = new Unlocked(systemOf, forOwner, outside);
  }

  /**
   * Runs what is pending in the schemas of tenants. What is wrong with one of them is in the report. Throws
   * `TenancyOptionsError` for options that cannot be, and what the tenant store throws.
   */
  async migrate({ tenants: chosen, ...given }: TenantMigrateOptions = {}): Promise<TenantMigrationReport> {
    const start = performance.now();
    const options = completed(new TenantMigrateRunOptions(), given);
    const { known, all, found } = await this.look(chosen);
    const todo = found.filter(({ fault, executed }) => !fault && known.pending(executed).length > 0);
    const recording = options.replay ? new Recording(this.shadows, known, this.parts.outline) : undefined;
    const settings = this.settings(options);
    const replay = new Replay(this.parts.forOwner, known, this.parts.grants);
    const fleet = new MigrateFleet(this.ordinary(known), replay, recording, this.parts.systemOf, settings, todo);
    const { results, ended } = await this.run(options, todo, all, (...args) => fleet.work(...args));
    await fleet.store();
    return reportOf({ found, todo, results, ended, notReplayed: fleet.notReplayed, start });
  }

  /** Reverts one migration: the last one of each selected tenant that has it as its last one. */
  async revert({ tenants: chosen, migration, ...given }: TenantRevertOptions = {}): Promise<TenantMigrationReport> {
    const start = performance.now();
    const options = completed(new TenantRunOptions(), given);
    const { known, all, found } = await this.look(chosen);
    if (migration !== undefined && !known.get(migration)) {
      throw new TenancyOptionsError(`There is no migration ${JSON.stringify(migration)} in database.migrations.`);
    }
    const name = migration ?? newestOf(found, known);
    const todo = found.filter(({ fault, executed }) => !fault && name !== undefined && executed.at(-1) === name);
    const [ordinary, settings] = [this.ordinary(known), this.settings(options)];
    const { results, ended } = await this.run(options, todo, all, async (tenant, at, done) => {
      const isReverted = await ordinary.revert(tenant, name!, settings, at);
      if (isReverted) done.push(name!);
      return { outcome: isReverted ? 'reverted' : 'current', replayed: false };
    });
    return reportOf({ found, todo, results, ended, notReplayed: new Map(), start });
  }

  /** At which migration tenants are. One statement on each server, whatever the number of tenants. */
  async status({ tenants: chosen }: TenantSelection = {}): Promise<TenantMigrationStatus[]> {
    const { known, found } = await this.look(chosen);
    return found.map(({ tenant, fault, error, executed }) => {
      const pending = fault ? [] : known.pending(executed).map(({ name }) => name);
      return {
        ...placeOf(tenant),
        state: fault ?? (pending.length > 0 ? 'pending' : 'current'),
        version: executed.at(-1),
        executed,
        pending,
        unknown: known.unknown(executed),
        ...(error !== undefined && { error: problemOf(tenant, error) }),
      };
    });
  }

  /**
   * Compares the tables, columns, indexes and whatever else is in the schemas of tenants with what the migrations make that
   * ran there: which tenants differ, and in what.
   */
  async drift({ tenants: chosen }: TenantSelection = {}): Promise<TenantDriftReport> {
    const start = performance.now();
    const { known, found } = await this.look(chosen);
    const search = new DriftSearch(this.shadows, known, this.parts.grants);
    const tenants = await search.compare(found);
    return { tenants, drifted: tenants.filter(({ state }) => state !== 'same'), duration: performance.now() - start };
  }

  private ordinary(known: KnownMigrations): OrdinaryRun {
    const { dataSource, forOwner, grants } = this.parts;
    return new OrdinaryRun(dataSource, forOwner, known, grants, this.unlocked);
  }

  private settings({ transaction, lockTimeout }: TenantRunOptions): RunSettings {
    return {
      transaction: transaction ?? this.parts.dataSource.options.migrationsTransactionMode ?? 'all',
      lockTimeout,
    };
  }

  private async run(
    options: TenantRunOptions,
    found: readonly FoundSchema[],
    all: readonly Tenant[],
    work: TenantWork,
  ): ReturnType<FleetRun['run']> {
    const todo = found.map(({ tenant }) => tenant);
    const canary = Math.min(options.canary, todo.length);
    options.onEvent?.({ type: 'planned', tenants: all.length, todo: todo.length, canary });
    const onEvent: TenantRunOptions['onEvent'] = (event) => {
      if (event.type === 'finished' && event.result.migrations.length > 0) this.finished.next(event.result);
      options.onEvent?.(event);
    };
    return new FleetRun({ ...options, onEvent }, todo, work).run();
  }

  /** What ran in the schemas of the tenants that were chosen. A server that does not answer takes only its own along. */
  private async look(chosen: TenantSelection['tenants']): Promise<{
    known: KnownMigrations;
    all: readonly Tenant[];
    found: readonly FoundSchema[];
  }> {
    const known = new KnownMigrations(this.parts.dataSource);
    const all = await selectTenants(this.parts.tenants, chosen);
    const servers = [...groupBy(all, serverOf)];
    const read = await Promise.all(
      servers.map(async ([server, tenants]) => {
        try {
          return await readExecuted(this.parts.systemOf(server), tenants, known.table);
        } catch (error) {
          return tenants.map((tenant): FoundSchema => ({
            tenant,
            fault: 'unreadable',
            error,
            hasTable: false,
            executed: [],
          }));
        }
      }),
    );
    const byTenant = new Map(read.flat().map((one) => [one.tenant, one]));
    return { known, all, found: all.map((tenant) => byTenant.get(tenant)!) };
  }
}

function completed<T extends TenantRunOptions>(defaults: T, given: Partial<T>): T {
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  const options = Object.assign(defaults, Object.fromEntries(said));
  checkRunOptions(options);
  return options;
}

/** The newest migration of the application that is the last one anywhere. */
function newestOf(found: readonly FoundSchema[], known: KnownMigrations): string | undefined {
  const last = found.flatMap(({ executed }) => known.get(executed.at(-1) ?? '') ?? []);
  return last.sort((a, b) => b.timestamp - a.timestamp)[0]?.name;
}

import type { DataSource, MigrationInterface } from 'typeorm';

/** A migration of the application, as TypeORM knows it. */
export interface KnownMigration {
  readonly name: string;
  readonly timestamp: number;
  readonly instance: MigrationInterface;
}

/** The migrations of the application, in the order in which TypeORM runs them. */
export class KnownMigrations {
  readonly table: string;
  private readonly byName: ReadonlyMap<string, KnownMigration>;

  constructor(private readonly dataSource: DataSource) {
    this.table = dataSource.options.migrationsTableName ?? 'migrations';
    const all = dataSource.migrations.map((instance) => {
      const name = instance.name ?? instance.constructor.name;
      return { name, timestamp: Number.parseInt(name.slice(-13), 10), instance };
    });
    this.byName = new Map(all.sort((a, b) => a.timestamp - b.timestamp).map((one) => [one.name, one]));
  }

  /** Those of a schema that are to run. */
  pending(executed: readonly string[]): KnownMigration[] {
    const done = new Set(executed);
    return [...this.byName.values()].filter(({ name }) => !done.has(name));
  }

  /** Names that are not the application's. */
  unknown(names: readonly string[]): string[] {
    return names.filter((name) => !this.byName.has(name));
  }

  get(name: string): KnownMigration | undefined {
    return this.byName.get(name);
  }

  /** Whether TypeORM keeps what views and generated columns were made of in a table of its own. */
  get needsMetadataTable(): boolean {
    return this.dataSource.entityMetadatas.some(
      ({ tableType, columns }) => tableType === 'view' || columns.some((column) => column.generatedType !== undefined),
    );
  }
}

/** A DataSource that has these migrations and no other. */
export function withMigrations(dataSource: DataSource, migrations: readonly MigrationInterface[]): DataSource {
  return Object.create(dataSource, { migrations: { value: migrations } }) as DataSource;
}

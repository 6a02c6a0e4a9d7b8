import type { DataSource, EntityMetadata, QueryRunner } from 'typeorm';
import { EntityManager } from 'typeorm';
import type { EntityTenancy } from './entity-tenancy.js';
import type { Within } from './within.js';

type Persist = (...args: unknown[]) => Promise<unknown>;

/**
 * An entity manager that stores and removes only entities of its own tenant, and entities that are related to such. It
 * looks before TypeORM looks for changes: what that finds unchanged it announces to no subscriber, and still relates anew.
 */
export class GuardedEntityManager extends EntityManager {
  constructor(
    dataSource: DataSource,
    runner: QueryRunner | undefined,
    private readonly entities: EntityTenancy,
    private readonly within: Within,
  ) {
    super(dataSource, runner);
  }

  // Each has half a dozen overloads, taken as one.
  override save(...args: never[]): never {
    return this.guarded(super.save as Persist, args) as never;
  }

  override remove(...args: never[]): never {
    return this.guarded(super.remove as Persist, args) as never;
  }

  override softRemove(...args: never[]): never {
    return this.guarded(super.softRemove as Persist, args) as never;
  }

  override recover(...args: never[]): never {
    return this.guarded(super.recover as Persist, args) as never;
  }

  private async guarded(persist: Persist, args: unknown[]): Promise<unknown> {
    await this.within(async () => this.assertOwnGraph(args));
    return persist.apply(this, args);
  }

  private assertOwnGraph([first, second]: unknown[]): void {
    // save(entity) and save(target, entity); a target is a class, a name or an EntitySchema.
    const isTarget = typeof first !== 'object' || first === null || 'options' in first;
    const seen = new Set<object>();
    for (const entity of toList(isTarget ? second : first)) {
      const target = isTarget ? first : entity.constructor;
      this.visit(entity, metadataOf(this.dataSource, target), seen);
    }
  }

  private visit(entity: object, metadata: EntityMetadata | undefined, seen: Set<object>): void {
    if (seen.has(entity)) return;
    seen.add(entity);
    this.entities.assertOwn(entity, this.queryRunner);
    for (const relation of metadata?.relations ?? []) {
      // What is not loaded yet is not asked for: a lazy relation would go to the database here.
      const property = relation.isLazy ? `__${relation.propertyName}__` : relation.propertyName;
      for (const related of toList((entity as Record<string, unknown>)[property])) {
        this.visit(related, relation.inverseEntityMetadata, seen);
      }
    }
  }
}

function metadataOf(dataSource: DataSource, target: unknown): EntityMetadata | undefined {
  return dataSource.hasMetadata(target as never) ? dataSource.getMetadata(target as never) : undefined;
}

function toList(value: unknown): object[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((one): one is object => typeof one === 'object' && one !== null);
}

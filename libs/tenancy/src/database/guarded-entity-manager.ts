import type { DataSource, EntityManager, EntityMetadata, QueryRunner } from 'typeorm';
import type { EntityTenancy } from './entity-tenancy.js';
import type { Within } from './within.js';

type Persist = (...args: unknown[]) => Promise<unknown>;

const PERSIST = ['save', 'remove', 'softRemove', 'recover'] as const;

/**
 * Lets an entity manager store and remove only entities of its own tenant, and entities that are related to such. Asked
 * before TypeORM looks for changes: what it finds unchanged it announces to no subscriber, and still relates anew.
 */
export function guardEntityManager(manager: EntityManager, entities: EntityTenancy, within: Within): EntityManager {
  for (const name of PERSIST) {
    const persist = manager[name] as Persist;
    const guarded: Persist = async (...args) => {
      await within(async () => assertOwnGraph(manager, entities, args));
      return persist.apply(manager, args);
    };
    Object.defineProperty(manager, name, { value: guarded, configurable: true });
  }
  return manager;
}

function assertOwnGraph(manager: EntityManager, entities: EntityTenancy, [first, second]: unknown[]): void {
  // save(entity) and save(target, entity); a target is a class, a name or an EntitySchema.
  const { dataSource, queryRunner } = manager;
  const isTarget = typeof first !== 'object' || first === null || 'options' in first;
  const seen = new Set<object>();
  for (const entity of toList(isTarget ? second : first)) {
    const target = isTarget ? first : entity.constructor;
    visit(entity, metadataOf(dataSource, target), entities, queryRunner, seen);
  }
}

function visit(
  entity: object,
  metadata: EntityMetadata | undefined,
  entities: EntityTenancy,
  runner: QueryRunner | undefined,
  seen: Set<object>,
): void {
  if (seen.has(entity)) return;
  seen.add(entity);
  entities.assertOwn(entity, runner);
  for (const relation of metadata?.relations ?? []) {
    // What is not loaded yet is not asked for: a lazy relation would go to the database here.
    const property = relation.isLazy ? `__${relation.propertyName}__` : relation.propertyName;
    for (const related of toList((entity as Record<string, unknown>)[property])) {
      visit(related, relation.inverseEntityMetadata, entities, runner, seen);
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

import type { DataSource, EntityMetadata } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';
import { InstanceChecker } from 'typeorm/util/InstanceChecker.js';
import type { EntityTenancy } from './entity-tenancy.js';

type Visit = (entity: object, metadata: EntityMetadata | undefined) => void;

/** The entities that `save(entity)`, `save(target, entity)` and the like are given, with all that they lead to. */
export class EntityGraph {
  private readonly roots: object[];
  private readonly target: unknown;

  constructor(
    private readonly dataSource: DataSource,
    args: readonly unknown[],
  ) {
    const [first, second] = args;
    const hasTarget = args.length > 1 && isTarget(first);
    this.target = hasTarget ? first : undefined;
    this.roots = toList(hasTarget ? second : first);
  }

  /** Throws where one of them belongs to another tenant than the one that the running code is bound to. */
  assertOwn(entities: EntityTenancy): void {
    this.walk(
      (entity) => entities.assertOwn(entity),
      () => true,
    );
  }

  /** Remembers what was stored: what was given, and what was stored along with it. */
  rememberStored(entities: EntityTenancy, owner: string): void {
    this.walk(
      (entity, metadata) => {
        // An entity that is common to all tenants belongs to none of them.
        if (!metadata?.schema) entities.remember(entity, owner);
      },
      (relation) => relation.isCascadeInsert || relation.isCascadeUpdate,
    );
  }

  private walk(visit: Visit, follows: (relation: RelationMetadata) => boolean): void {
    const seen = new Set(this.roots);
    const found = this.roots.map(
      (root) => [root, metadataOf(this.dataSource, this.target ?? root.constructor)] as const,
    );
    // It grows while it is read: what leads on for thousands of steps would not fit on the stack.
    for (const [entity, declared] of found) {
      const metadata = declared?.findInheritanceMetadata(entity);
      visit(entity, metadata);
      for (const relation of metadata?.relations ?? []) {
        if (!follows(relation)) continue;
        // What is not loaded yet is not asked for: a lazy relation would go to the database here.
        for (const related of toList(relation.getEntityValue(entity))) {
          if (seen.has(related)) continue;
          seen.add(related);
          found.push([related, relation.inverseEntityMetadata]);
        }
      }
    }
  }
}

function isTarget(value: unknown): boolean {
  return typeof value === 'function' || typeof value === 'string' || InstanceChecker.isEntitySchema(value);
}

function metadataOf(dataSource: DataSource, target: unknown): EntityMetadata | undefined {
  return dataSource.hasMetadata(target as never) ? dataSource.getMetadata(target as never) : undefined;
}

function toList(value: unknown): object[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((one): one is object => typeof one === 'object' && one !== null);
}

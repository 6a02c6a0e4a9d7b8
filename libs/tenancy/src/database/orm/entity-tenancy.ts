import type {
  EntityMetadata,
  EntitySubscriberInterface,
  InsertEvent,
  LoadEvent,
  ObjectLiteral,
  QueryRunner,
  RecoverEvent,
  RemoveEvent,
  SoftRemoveEvent,
  UpdateEvent,
} from 'typeorm';
import { TenantMismatchError } from '../../tenancy.errors.js';

/** What a query runner, or the running code, is bound to; `undefined` where it is bound to nobody. */
export type BindingKeyOf = (runner: QueryRunner | undefined) => string | undefined;

/**
 * Remembers which tenant an entity belongs to, and refuses to store, to remove or to relate it under another one: the row
 * that has its id there is somebody else's.
 */
export class EntityTenancy implements EntitySubscriberInterface {
  private readonly keys = new WeakMap<object, string>();

  constructor(private readonly keyOf: BindingKeyOf) {}

  /** Throws where an entity belongs to another tenant than the one that the query runner, or the running code, is bound to. */
  assertOwn(entity: object | undefined, runner: QueryRunner | undefined): void {
    const owner = entity && this.keys.get(entity);
    if (owner === undefined) return;
    const current = this.keyOf(runner);
    if (current !== owner) throw new TenantMismatchError(owner, current ?? 'nobody', 'entity');
  }

  remember(entity: object, runner: QueryRunner | undefined): void {
    const key = this.keyOf(runner);
    if (key !== undefined) this.keys.set(entity, key);
  }

  afterLoad(entity: ObjectLiteral, event?: LoadEvent<ObjectLiteral>): void {
    // An entity that is common to all tenants belongs to none of them.
    if (!event?.metadata.schema) this.remember(entity, event?.queryRunner);
  }

  afterInsert({ entity, metadata, queryRunner }: InsertEvent<ObjectLiteral>): void {
    if (!metadata.schema && entity) this.remember(entity, queryRunner);
  }

  beforeInsert(event: InsertEvent<ObjectLiteral>): void {
    this.check(event.entity, event.metadata, event.queryRunner);
  }

  beforeUpdate(event: UpdateEvent<ObjectLiteral>): void {
    this.check(event.entity, event.metadata, event.queryRunner);
  }

  beforeRemove(event: RemoveEvent<ObjectLiteral>): void {
    this.check(event.entity, event.metadata, event.queryRunner);
  }

  beforeSoftRemove(event: SoftRemoveEvent<ObjectLiteral>): void {
    this.check(event.entity, event.metadata, event.queryRunner);
  }

  beforeRecover(event: RecoverEvent<ObjectLiteral>): void {
    this.check(event.entity, event.metadata, event.queryRunner);
  }

  private check(entity: ObjectLiteral | undefined, metadata: EntityMetadata, runner: QueryRunner): void {
    if (!entity) return;
    this.assertOwn(entity, runner);
    for (const relation of metadata.relations) {
      // What is not loaded yet is not asked for: a lazy relation would go to the database here.
      const related: unknown = relation.isLazy
        ? entity[`__${relation.propertyName}__`]
        : relation.getEntityValue(entity);
      for (const one of Array.isArray(related) ? related : [related]) {
        if (typeof one === 'object' && one !== null) this.assertOwn(one as object, runner);
      }
    }
  }
}

import type { ObjectLiteral } from 'typeorm';
import { RelationQueryBuilder } from 'typeorm';
import { inScopeOf, tenancyOf } from '../orm-tenancy.js';

/** Relates nothing to an entity of another tenant, and nothing of another tenant to an entity. */
export class TenantRelationQueryBuilder<Entity extends ObjectLiteral> extends RelationQueryBuilder<Entity> {
  override set(value: unknown): Promise<void> {
    return this.relate(value, () => super.set(value));
  }

  override add(value: unknown): Promise<void> {
    return this.relate(value, () => super.add(value));
  }

  override remove(value: unknown): Promise<void> {
    return this.relate(value, () => super.remove(value));
  }

  override loadMany<T = unknown>(): Promise<T[]> {
    return this.relate(undefined, () => super.loadMany<T>());
  }

  private relate<T>(value: unknown, work: () => Promise<T>): Promise<T> {
    return inScopeOf(this.queryRunner?.dataSource ?? this.dataSource, async () => {
      const { entities } = tenancyOf(this.dataSource);
      const owner = entities.ownerWithin([this.expressionMap.of, value]);
      if (owner !== undefined) entities.assertCurrent(owner);
      return work();
    });
  }
}

import type { Brackets, FindManyOptions, ObjectLiteral, QueryRunner } from 'typeorm';
import { SelectQueryBuilder } from 'typeorm';
import type { WhereClauseCondition } from 'typeorm/query-builder/WhereClause.js';
import { TenantMismatchError } from '../../../tenancy.errors.js';
import { inScopeOf, tenancyOf, withinOf } from '../orm-tenancy.js';
import { keyOfRunner } from '../runner-key.js';
import { TenantDeleteQueryBuilder } from './delete-query.js';
import { assertOwner, notedOwner, noteOwner } from './entity-owner.js';
import { TenantInsertQueryBuilder } from './insert-query.js';
import { TenantRelationQueryBuilder } from './relation-query.js';
import { TenantSoftDeleteQueryBuilder } from './soft-delete-query.js';
import { TenantUpdateQueryBuilder } from './update-query.js';

/**
 * What every query begins with. It selects nothing by the ids of another tenant's entities, and makes entities of rows in
 * the scope of the view that it selects for.
 */
export class TenantSelectQueryBuilder<Entity extends ObjectLiteral> extends SelectQueryBuilder<Entity> {
  override insert(): TenantInsertQueryBuilder<Entity> {
    return new TenantInsertQueryBuilder(super.insert());
  }

  // It has five overloads, taken as one.
  override update(...args: never[]): never {
    return new TenantUpdateQueryBuilder(super.update(...(args as [])) as never) as never;
  }

  override delete(): TenantDeleteQueryBuilder<Entity> {
    return new TenantDeleteQueryBuilder(super.delete());
  }

  override softDelete(): TenantSoftDeleteQueryBuilder<Entity> {
    return new TenantSoftDeleteQueryBuilder(super.softDelete());
  }

  override restore(): TenantSoftDeleteQueryBuilder<Entity> {
    return new TenantSoftDeleteQueryBuilder(super.restore());
  }

  override relation(...args: never[]): never {
    return new TenantRelationQueryBuilder(super.relation(...(args as unknown as [string]))) as never;
  }

  override setFindOptions(options: FindManyOptions<Entity>): this {
    noteOwner(this, options.where);
    return super.setFindOptions(options);
  }

  override stream(): ReturnType<SelectQueryBuilder<Entity>['stream']> {
    return this.sendChecked(this.queryRunner, () => super.stream());
  }

  protected override getWhereCondition(where: never): WhereClauseCondition {
    noteOwner(this, where);
    return super.getWhereCondition(where);
  }

  protected override getWhereInIdsCondition(ids: unknown): ObjectLiteral | Brackets {
    noteOwner(this, ids);
    return super.getWhereInIdsCondition(ids);
  }

  protected override executeEntitiesAndRawResults(
    runner: QueryRunner,
  ): ReturnType<SelectQueryBuilder<Entity>['getRawAndEntities']> {
    // The path of every find(): little where there is nothing to check.
    if (notedOwner(this) === undefined && !withinOf(runner.dataSource)) return this.loadEntities(runner);
    return this.sendChecked(runner, () => this.loadEntities(runner));
  }

  protected override loadRawResults(runner: QueryRunner): Promise<unknown> {
    if (notedOwner(this) === undefined) return super.loadRawResults(runner);
    return this.sendChecked(runner, () => super.loadRawResults(runner));
  }

  /** What is loaded belongs to whom it was asked for, even where the scope became another one's meanwhile. */
  private loadEntities(runner: QueryRunner): ReturnType<SelectQueryBuilder<Entity>['getRawAndEntities']> {
    const { entities } = tenancyOf(this.dataSource);
    const owner = entities.currentKey();
    return super.executeEntitiesAndRawResults(runner).then((loaded) => {
      if (owner !== undefined) {
        entities.assertCurrent(owner);
        // Where a cache was asked first, the scope may have been another one's until then.
        const reader = keyOfRunner(runner) ?? owner;
        if (reader !== owner) throw new TenantMismatchError(reader, owner, 'entity');
      }
      return loaded;
    });
  }

  private sendChecked<T>(runner: QueryRunner | undefined, send: () => Promise<T>): Promise<T> {
    return inScopeOf(runner?.dataSource ?? this.dataSource, async () => {
      assertOwner(this);
      return send();
    });
  }
}

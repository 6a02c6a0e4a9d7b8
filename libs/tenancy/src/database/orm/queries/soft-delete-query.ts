import type { Brackets, ObjectLiteral, UpdateResult } from 'typeorm';
import { SoftDeleteQueryBuilder } from 'typeorm/query-builder/SoftDeleteQueryBuilder.js';
import type { WhereClauseCondition } from 'typeorm/query-builder/WhereClause.js';
import { noteOwner, sendOwn } from './entity-owner.js';

/** Marks no rows as deleted, or restores them, by the ids of another tenant's entities. */
export class TenantSoftDeleteQueryBuilder<Entity extends ObjectLiteral> extends SoftDeleteQueryBuilder<Entity> {
  override execute(): Promise<UpdateResult> {
    return sendOwn(this, this.queryRunner, () => super.execute());
  }

  protected override getWhereCondition(where: never): WhereClauseCondition {
    noteOwner(this, where);
    return super.getWhereCondition(where);
  }

  protected override getWhereInIdsCondition(ids: unknown): ObjectLiteral | Brackets {
    noteOwner(this, ids);
    return super.getWhereInIdsCondition(ids);
  }
}

import type { Brackets, DeleteResult, ObjectLiteral } from 'typeorm';
import { DeleteQueryBuilder } from 'typeorm';
import type { WhereClauseCondition } from 'typeorm/query-builder/WhereClause.js';
import { noteOwner, sendOwn } from './entity-owner.js';

/** Deletes no rows by the ids of another tenant's entities. */
export class TenantDeleteQueryBuilder<Entity extends ObjectLiteral> extends DeleteQueryBuilder<Entity> {
  override execute(): Promise<DeleteResult> {
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

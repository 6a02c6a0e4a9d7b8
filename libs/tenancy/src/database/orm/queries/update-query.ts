import type { Brackets, ObjectLiteral, UpdateResult } from 'typeorm';
import { UpdateQueryBuilder } from 'typeorm';
import type { WhereClauseCondition } from 'typeorm/query-builder/WhereClause.js';
import { noteOwner, sendOwn } from './entity-owner.js';

/** Changes rows neither by the ids of another tenant's entities nor to them. */
export class TenantUpdateQueryBuilder<Entity extends ObjectLiteral> extends UpdateQueryBuilder<Entity> {
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

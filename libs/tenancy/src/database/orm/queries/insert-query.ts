import type { InsertResult, ObjectLiteral } from 'typeorm';
import { InsertQueryBuilder } from 'typeorm';
import type { WhereClauseCondition } from 'typeorm/query-builder/WhereClause.js';
import { tenancyOf } from '../orm-tenancy.js';
import { noteOwner, sendOwn } from './entity-owner.js';

/** Inserts no entities of another tenant and none that are related to such, and remembers where it inserted them. */
export class TenantInsertQueryBuilder<Entity extends ObjectLiteral> extends InsertQueryBuilder<Entity> {
  override execute(): Promise<InsertResult> {
    return sendOwn(this, this.queryRunner, async () => {
      const { entities } = tenancyOf(this.dataSource);
      const owner = entities.currentKey();
      const result = await super.execute();
      if (owner !== undefined && this.isTenantsOwn) {
        for (const values of this.getValueSets()) entities.remember(values, owner);
      }
      return result;
    });
  }

  /** An entity that is common to all tenants belongs to none of them. */
  private get isTenantsOwn(): boolean {
    const { mainAlias, insertFromSelect } = this.expressionMap;
    return !insertFromSelect && mainAlias?.hasMetadata === true && !mainAlias.metadata.schema;
  }

  protected override getWhereCondition(where: never): WhereClauseCondition {
    noteOwner(this, where);
    return super.getWhereCondition(where);
  }
}

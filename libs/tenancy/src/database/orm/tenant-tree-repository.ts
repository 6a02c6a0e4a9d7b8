import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { TreeRepository } from 'typeorm';
import { noteOwner } from './queries/entity-owner.js';

/** Looks for the ancestors and descendants of an entity only for the tenant that it belongs to. */
export class TenantTreeRepository<Entity extends ObjectLiteral> extends TreeRepository<Entity> {
  override createDescendantsQueryBuilder(alias: string, closure: string, entity: Entity): SelectQueryBuilder<Entity> {
    return noteOwner(super.createDescendantsQueryBuilder(alias, closure, entity), entity);
  }

  override createAncestorsQueryBuilder(alias: string, closure: string, entity: Entity): SelectQueryBuilder<Entity> {
    return noteOwner(super.createAncestorsQueryBuilder(alias, closure, entity), entity);
  }
}

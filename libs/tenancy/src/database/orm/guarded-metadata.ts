import type { EntityMetadata } from 'typeorm';
import { InstanceChecker } from 'typeorm/util/InstanceChecker.js';
import type { EntityTenancy } from './entity-tenancy.js';

/**
 * Remembers entities where TypeORM makes them of rows, and refuses another tenant's where it takes their ids in order to
 * store them. What is overridden are the metadata of one DataSource.
 */
export function guardMetadata(metadata: EntityMetadata, entities: EntityTenancy): void {
  // An entity that is common to all tenants belongs to none of them.
  if (!metadata.schema) rememberLoaded(metadata, entities);
  // What a listener relates while an entity is being saved is seen by nobody before this.
  for (const relation of metadata.relations) refuseForeign(relation, 'getRelationIdMap', entities);
  // reload() asks the repository for a plain id and overwrites the entity with whatever row has it.
  if (InstanceChecker.isBaseEntityConstructor(metadata.target)) refuseForeign(metadata, 'getEntityIdMap', entities);
}

function rememberLoaded(metadata: EntityMetadata, entities: EntityTenancy): void {
  const { create } = metadata;
  metadata.create = (runner, options) => {
    const entity: object = create.call(metadata, runner, options);
    // Only what makes entities of rows says whether they are to be plain objects. Others make them of what they are given.
    if (options?.pojo !== undefined) entities.remember(entity);
    return entity;
  };
}

function refuseForeign<Name extends string>(
  owner: { [name in Name]: (entity: object) => unknown },
  name: Name,
  entities: EntityTenancy,
): void {
  const take = owner[name];
  Object.assign(owner, {
    [name](entity: unknown) {
      if (typeof entity === 'object' && entity !== null) entities.assertOwn(entity);
      return take.call(owner, entity as object);
    },
  });
}

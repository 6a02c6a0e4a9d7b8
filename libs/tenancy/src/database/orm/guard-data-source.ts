import type { QueryRunner, ReplicationMode } from 'typeorm';
import { DataSource } from 'typeorm';
import { CopyingTransformer } from './copying-transformer.js';
import type { CurrentKey } from './current-key.js';
import { EntityTenancy } from './entity-tenancy.js';
import { GuardedEntityManager } from './guarded-entity-manager.js';
import { guardMetadata } from './guarded-metadata.js';
import { setTenancy, tenancyOf } from './orm-tenancy.js';
import type { EntityOrRunner } from './queries/create-query.js';
import { createQuery } from './queries/create-query.js';
import { releaseOnArrival } from './release-on-arrival.js';
import { guardResultCache } from './result-cache/guard-result-cache.js';
import { setKeyOfRunner } from './runner-key.js';
import { TenantRelationLoader } from './tenant-relation-loader.js';
import { guardWholeSchemas } from './whole-schemas.js';

/**
 * Puts the guards of entities, results and connections where TypeORM loads, stores, relates, caches and holds them: at this
 * one DataSource and all views of it. Called before it is initialised.
 */
export function guardDataSource(dataSource: DataSource, currentKey: CurrentKey): void {
  const entities = new EntityTenancy(currentKey.find);
  setTenancy(dataSource, { entities, transformer: new CopyingTransformer(entities) });
  guardResultCache(dataSource, currentKey.get);
  const wholeSchemas = guardWholeSchemas(dataSource, currentKey);
  Object.assign(dataSource, {
    relationLoader: new TenantRelationLoader(dataSource),
    createQueryRunner(this: DataSource, mode?: ReplicationMode) {
      const runner = Object.assign(DataSource.prototype.createQueryRunner.call(this, mode), wholeSchemas);
      return releaseOnArrival(runner, () => setKeyOfRunner(runner, currentKey.find()));
    },
    createQueryBuilder(this: DataSource, entityOrRunner?: EntityOrRunner, alias?: string, runner?: QueryRunner) {
      return createQuery(this, entityOrRunner, alias, runner);
    },
    createEntityManager(this: DataSource, runner?: QueryRunner) {
      return new GuardedEntityManager(this, runner);
    },
  });
  Object.assign(dataSource, { manager: dataSource.createEntityManager() });
}

/** The same for the metadata, which are made while the DataSource is initialised. */
export function guardEntityMetadata(dataSource: DataSource): void {
  for (const metadata of dataSource.entityMetadatas) guardMetadata(metadata, tenancyOf(dataSource).entities);
}

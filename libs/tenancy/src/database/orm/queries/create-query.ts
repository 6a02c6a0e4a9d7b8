import type { DataSource, EntityTarget, ObjectLiteral, QueryRunner } from 'typeorm';
import { DriverUtils } from 'typeorm/driver/DriverUtils.js';
import { TenantSelectQueryBuilder } from './select-query.js';

export type EntityOrRunner = EntityTarget<ObjectLiteral> | QueryRunner;

/** What `DataSource.createQueryBuilder()` does, with the query builders of this folder. */
export function createQuery(
  dataSource: DataSource,
  entityOrRunner?: EntityOrRunner,
  alias?: string,
  runner?: QueryRunner,
): TenantSelectQueryBuilder<ObjectLiteral> {
  if (!alias) return new TenantSelectQueryBuilder(dataSource, entityOrRunner as QueryRunner | undefined);
  const name = DriverUtils.buildAlias(dataSource.driver, undefined, alias);
  const { target } = dataSource.getMetadata(entityOrRunner as EntityTarget<ObjectLiteral>);
  return new TenantSelectQueryBuilder<ObjectLiteral>(dataSource, runner).select(name).from(target, name) as never;
}

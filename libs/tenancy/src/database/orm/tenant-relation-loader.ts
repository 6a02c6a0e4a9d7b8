import type { DataSource, ObjectLiteral, QueryRunner } from 'typeorm';
import { RelationLoader } from 'typeorm/query-builder/RelationLoader.js';
import type { EntityTenancy } from './entity-tenancy.js';
import type { Within } from './within.js';

type Load = Parameters<RelationLoader['load']>;
type EnableLazyLoad = Parameters<RelationLoader['enableLazyLoad']>;

/** Loads a relation only for the tenant that the entity belongs to: its id is another row's for every other one. */
export class TenantRelationLoader extends RelationLoader {
  constructor(
    dataSource: DataSource,
    private readonly entities: EntityTenancy,
    /** Of a view, which loads as its own tenant. */
    private readonly within?: Within,
  ) {
    super(dataSource);
  }

  override load(...args: Load): ReturnType<RelationLoader['load']> {
    return this.within ? this.within(async () => this.loadOwn(args)) : this.loadOwn(args);
  }

  private loadOwn(args: Load): ReturnType<RelationLoader['load']> {
    const [, entityOrEntities, runner] = args;
    // Thrown, not rejected: of a promise that a lazy relation's getter is given, TypeORM keeps a copy that nobody catches.
    for (const entity of Array.isArray(entityOrEntities) ? entityOrEntities : [entityOrEntities]) {
      this.entities.assertOwn(entity as ObjectLiteral, usable(runner));
    }
    return super.load(...args);
  }

  override enableLazyLoad(...args: EnableLazyLoad): void {
    const [, entity, runner] = args;
    this.entities.remember(entity, runner);
    super.enableLazyLoad(...args);
  }
}

/** A runner that was released is not used any more: the relation is then loaded as whoever asks for it. */
function usable(runner: QueryRunner | undefined): QueryRunner | undefined {
  return runner?.isReleased ? undefined : runner;
}

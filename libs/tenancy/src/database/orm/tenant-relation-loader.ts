import type { DataSource, QueryRunner } from 'typeorm';
import { RelationLoader } from 'typeorm/query-builder/RelationLoader.js';
import { LazyRelation } from './lazy-relation.js';
import { inScopeOf, tenancyOf } from './orm-tenancy.js';

type Load = Parameters<RelationLoader['load']>;
type EnableLazyLoad = Parameters<RelationLoader['enableLazyLoad']>;

/** Loads a relation only for the tenant that the entity belongs to: its id is another row's for every other one. */
export class TenantRelationLoader extends RelationLoader {
  private readonly lazyRelations = new WeakMap<Load[0], LazyRelation>();

  constructor(private readonly owner: DataSource) {
    super(owner);
  }

  override load(...args: Load): ReturnType<RelationLoader['load']> {
    const [, entityOrEntities, runner] = args;
    return inScopeOf(usable(runner)?.dataSource ?? this.owner, async () => {
      const { entities } = tenancyOf(this.owner);
      for (const entity of Array.isArray(entityOrEntities) ? entityOrEntities : [entityOrEntities]) {
        entities.assertOwn(entity);
      }
      return super.load(...args);
    });
  }

  override enableLazyLoad(...[relation, entity, runner]: EnableLazyLoad): void {
    let lazy = this.lazyRelations.get(relation);
    if (!lazy) {
      lazy = new LazyRelation(relation, (self, by) => this.load(relation, self, by));
      this.lazyRelations.set(relation, lazy);
    }
    lazy.defineOn(entity, runner);
  }
}

/** A runner that was released is not used any more: the relation is then loaded as whoever asks for it. */
function usable(runner: QueryRunner | undefined): QueryRunner | undefined {
  return runner?.isReleased ? undefined : runner;
}

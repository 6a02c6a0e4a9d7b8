import type { DataSource, EntityTarget, ObjectLiteral, QueryRunner, TreeRepository } from 'typeorm';
import { EntityManager } from 'typeorm';
import { EntityGraph } from './entity-graph.js';
import { inScopeOf, tenancyOf } from './orm-tenancy.js';
import { TenantTreeRepository } from './tenant-tree-repository.js';

type Persist = (...args: unknown[]) => Promise<unknown>;

/**
 * An entity manager that stores and removes only entities of its own tenant, and entities that are related to such. It
 * looks before TypeORM looks for changes: what that finds unchanged it announces to nobody, and still relates anew.
 */
export class GuardedEntityManager extends EntityManager {
  // One is made with each query runner: what it needs beyond TypeORM's own it finds at the DataSource.
  constructor(dataSource: DataSource, runner?: QueryRunner) {
    super(dataSource, runner);
    this.plainObjectToEntityTransformer = tenancyOf(dataSource).transformer as never;
  }

  // Each has half a dozen overloads, taken as one.
  override save(...args: never[]): never {
    return this.persist(super.save as Persist, args, true) as never;
  }

  override remove(...args: never[]): never {
    return this.persist(super.remove as Persist, args, false) as never;
  }

  override softRemove(...args: never[]): never {
    return this.persist(super.softRemove as Persist, args, false) as never;
  }

  override recover(...args: never[]): never {
    return this.persist(super.recover as Persist, args, false) as never;
  }

  override preload(...args: never[]): never {
    return this.persist(super.preload as Persist, args, false) as never;
  }

  override getTreeRepository<Entity extends ObjectLiteral>(target: EntityTarget<Entity>): TreeRepository<Entity> {
    const known = this.treeRepositories.find((repository) => repository.target === target);
    if (known) return known as TreeRepository<Entity>;
    const repository = new TenantTreeRepository(target, this, this.queryRunner);
    this.treeRepositories.push(repository);
    return repository;
  }

  protected override normalizeAndValidateWhereCriteria(
    criteria: unknown,
    method: string,
  ): { criteria: unknown; isPrimitive: boolean } {
    const owner = tenancyOf(this.dataSource).entities.ownerWithin(criteria);
    const normalised = super.normalizeAndValidateWhereCriteria(criteria, method);
    // Plain objects come back as copies, in which an entity is not known again.
    if (owner !== undefined) tenancyOf(this.dataSource).entities.remember(normalised.criteria as object, owner);
    return normalised;
  }

  private persist(persist: Persist, args: unknown[], stores: boolean): Promise<unknown> {
    return inScopeOf(this.queryRunner?.dataSource ?? this.dataSource, async () => {
      // TypeORM waits as long, for what was assigned to a lazy relation.
      await Promise.resolve();
      const { entities } = tenancyOf(this.dataSource);
      const graph = new EntityGraph(this.dataSource, args);
      graph.assertOwn(entities);
      const owner = entities.currentKey();
      const result = await persist.apply(this, args);
      if (stores && owner !== undefined) graph.rememberStored(entities, owner);
      return result;
    });
  }
}

import type { ObjectLiteral, QueryBuilder, QueryRunner } from 'typeorm';
import { inScopeOf, tenancyOf } from '../orm-tenancy.js';

type Query = QueryBuilder<ObjectLiteral>;

// Kept among the parameters, which TypeORM hands on to clones, counts and the query around a subquery. None has that name
// in its text, so none of it is sent.
const OWNER = 'tenancy_owner';

/**
 * Notes whose entities a query is asked about. They are compared with whoever it runs as when it is sent: it may be built
 * in one scope and sent in another.
 */
export function noteOwner<T extends Query>(query: T, criteria: unknown): T {
  const owner = tenancyOf(query.dataSource).entities.ownerWithin(criteria, notedOwner(query));
  if (owner !== undefined) query.setParameter(OWNER, owner);
  return query;
}

export function notedOwner(query: Query): string | undefined {
  return query.expressionMap.parameters[OWNER] as string | undefined;
}

/** Throws where what a query is made of belongs to another tenant than the one that the running code is bound to. */
export function assertOwner(query: Query): void {
  const { entities } = tenancyOf(query.dataSource);
  const owner = notedOwner(query);
  if (owner !== undefined) entities.assertCurrent(owner);
}

/** Sends a query that writes: in the scope of its view, and only where all that it is made of belongs there. */
export function sendOwn<T>(query: Query, runner: QueryRunner | undefined, send: () => Promise<T>): Promise<T> {
  return inScopeOf(runner?.dataSource ?? query.dataSource, async () => {
    assertOwner(query);
    assertOwnValues(query);
    return send();
  });
}

function assertOwnValues({ dataSource, expressionMap }: Query): void {
  const { entities } = tenancyOf(dataSource);
  const { mainAlias, valuesSet, whereEntities } = expressionMap;
  const relations = mainAlias?.hasMetadata ? mainAlias.metadata.relations : [];
  for (const entity of whereEntities) entities.assertOwn(entity);
  for (const values of toList(valuesSet)) {
    entities.assertOwn(values);
    for (const relation of relations) {
      for (const related of toList(relation.getEntityValue(values))) entities.assertOwn(related);
    }
  }
}

function toList(value: unknown): object[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((one): one is object => typeof one === 'object' && one !== null);
}

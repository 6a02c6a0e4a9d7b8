import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';

/** Where TypeORM keeps the state of an entity's lazy relations. */
type State = Record<string, unknown>;

/**
 * Makes a property that loads a relation when it is asked for, as TypeORM's own does. A load that fails is told to whoever
 * asked and to nobody else, and the next one who asks loads again: TypeORM keeps the failure, and a copy of it that nobody
 * catches, which ends the process.
 */
export function defineLazyRelation(
  entity: object,
  relation: RelationMetadata,
  load: (entity: object) => Promise<unknown[]>,
): void {
  const name = relation.propertyName;
  const dataKey = `__${name}__`;
  const promiseKey = `__promise_${name}__`;
  const hasKey = `__has_${name}__`;
  const isOne = relation.isOneToOne || relation.isManyToOne;

  const keep = (state: State, value: unknown): void => {
    state[dataKey] = value;
    state[hasKey] = true;
    delete state[promiseKey];
  };
  const keepWhenThere = (state: State, promise: Promise<unknown>): Promise<unknown> => {
    delete state[hasKey];
    delete state[dataKey];
    state[promiseKey] = promise;
    // Another value may be assigned until then.
    const isStill = () => state[promiseKey] === promise;
    promise.then(
      (value) => isStill() && keep(state, value),
      () => isStill() && delete state[promiseKey],
    );
    return promise;
  };

  Object.defineProperty(entity, name, {
    configurable: true,
    enumerable: false,
    get(this: State) {
      if (this[hasKey] === true || this[dataKey] !== undefined) return Promise.resolve(this[dataKey]);
      if (this[promiseKey]) return this[promiseKey];
      return keepWhenThere(
        this,
        load(this).then((found) => (isOne ? (found[0] ?? null) : found)),
      );
    },
    set(this: State, value: unknown) {
      if (value instanceof Promise) void keepWhenThere(this, value);
      else keep(this, value);
    },
  });
}

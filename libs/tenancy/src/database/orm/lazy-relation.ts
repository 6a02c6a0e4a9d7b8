import type { QueryRunner } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';

/** Where TypeORM keeps the state of an entity's lazy relations. */
type State = Record<string, unknown>;
type Load = (entity: object, runner: QueryRunner | undefined) => Promise<unknown[]>;

/**
 * A property that loads a relation when it is asked for, as TypeORM's own does. A load that fails is told to whoever asked
 * and to nobody else, and the next one who asks loads again: TypeORM keeps the failure, and a copy of it that nobody catches,
 * which ends the process.
 */
export class LazyRelation {
  private readonly name: string;
  private readonly dataKey: string;
  private readonly promiseKey: string;
  private readonly hasKey: string;
  private readonly isOne: boolean;
  /** Of entities that were loaded by no transaction: one for all of them. */
  private readonly common: PropertyDescriptor;

  constructor(
    relation: RelationMetadata,
    private readonly load: Load,
  ) {
    this.name = relation.propertyName;
    this.dataKey = `__${this.name}__`;
    this.promiseKey = `__promise_${this.name}__`;
    this.hasKey = `__has_${this.name}__`;
    this.isOne = relation.isOneToOne || relation.isManyToOne;
    this.common = this.propertyFor(undefined);
  }

  defineOn(entity: object, runner: QueryRunner | undefined): void {
    Object.defineProperty(entity, this.name, runner ? this.propertyFor(runner) : this.common);
  }

  private propertyFor(runner: QueryRunner | undefined): PropertyDescriptor {
    // oxlint-disable-next-line unicorn/no-this-assignment, typescript/no-this-alias -- in an accessor it is the entity
    const relation = this;
    return {
      configurable: true,
      enumerable: false,
      get(this: State) {
        return relation.read(this, runner);
      },
      set(this: State, value: unknown) {
        if (value instanceof Promise) relation.keepWhenThere(this, value);
        else relation.keep(this, value);
      },
    };
  }

  private read(entity: State, runner: QueryRunner | undefined): unknown {
    if (entity[this.hasKey] === true || entity[this.dataKey] !== undefined)
      return Promise.resolve(entity[this.dataKey]);
    if (entity[this.promiseKey]) return entity[this.promiseKey];
    const loading = this.load(entity, runner).then((found) => (this.isOne ? (found[0] ?? null) : found));
    this.keepWhenThere(entity, loading);
    return loading;
  }

  private keep(entity: State, value: unknown): void {
    entity[this.dataKey] = value;
    entity[this.hasKey] = true;
    delete entity[this.promiseKey];
  }

  private keepWhenThere(entity: State, promise: Promise<unknown>): void {
    delete entity[this.hasKey];
    delete entity[this.dataKey];
    entity[this.promiseKey] = promise;
    // Another value may be assigned until then.
    const isStill = () => entity[this.promiseKey] === promise;
    promise.then(
      (value) => isStill() && this.keep(entity, value),
      () => isStill() && delete entity[this.promiseKey],
    );
  }
}

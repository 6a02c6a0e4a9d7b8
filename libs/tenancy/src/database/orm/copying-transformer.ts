import type { EntityMetadata } from 'typeorm';
import { PlainObjectToNewEntityTransformer } from 'typeorm/query-builder/transformer/PlainObjectToNewEntityTransformer.js';
import type { EntityTenancy } from './entity-tenancy.js';

/** What TypeORM copies one object into another with; its types keep the step that it repeats for each related one. */
interface Transformer {
  transform: PlainObjectToNewEntityTransformer['transform'];
  groupAndTransform(copy: object, original: object, metadata: EntityMetadata, isLazy?: boolean): void;
}

const Base = PlainObjectToNewEntityTransformer as unknown as new () => Transformer;

/** Makes `create()` and `merge()` copy along whose an entity is: it has the same id, and so have those related to it. */
export class CopyingTransformer extends Base {
  constructor(private readonly entities: EntityTenancy) {
    super();
  }

  override groupAndTransform(copy: object, original: object, metadata: EntityMetadata, isLazy?: boolean): void {
    this.entities.inherit(copy, original);
    super.groupAndTransform(copy, original, metadata, isLazy);
  }
}

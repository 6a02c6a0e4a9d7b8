import type { Provider, Type } from '@nestjs/common';
import type { ObjectLiteral } from 'typeorm';
import { DataSource, EntitySchema } from 'typeorm';

export type RepositoryEntity = Type<ObjectLiteral> | EntitySchema;

/** A provider for each entity's repository, under the token that `@InjectRepository()` of @nestjs/typeorm asks for. */
export function repositoryProviders(entities: readonly RepositoryEntity[]): Provider[] {
  return entities.map((entity) => ({
    provide: repositoryToken(entity),
    inject: [DataSource],
    useFactory: (dataSource: DataSource) =>
      dataSource.getMetadata(entity).treeType ? dataSource.getTreeRepository(entity) : dataSource.getRepository(entity),
  }));
}

// The tokens of @nestjs/typeorm 12, which is only needed by those who use its decorators.
function repositoryToken(entity: RepositoryEntity): string {
  if (entity instanceof EntitySchema) return `${entity.options.target?.name ?? entity.options.name}Repository`;
  return `${entity.name}Repository`;
}

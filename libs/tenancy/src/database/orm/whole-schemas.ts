import { DataSource } from 'typeorm';
import { PostgresQueryRunner } from 'typeorm/driver/postgres/PostgresQueryRunner.js';
import { UnsupportedStatementError } from '../../tenancy.errors.js';
import type { CurrentKey } from './current-key.js';
import { inScopeOf } from './orm-tenancy.js';

interface WholeSchemas {
  /** Of every query runner. */
  clearDatabase(this: PostgresQueryRunner): Promise<void>;
}

/**
 * Lets only the system do what TypeORM does to every schema that an entity names: `public` is one of them where an entity is
 * the system's, and would be dropped or changed along with the tenant's own.
 */
export function guardWholeSchemas(dataSource: DataSource, currentKey: CurrentKey): WholeSchemas {
  const systemOnly = async (name: string, work: () => Promise<void>): Promise<void> => {
    const key = currentKey.get();
    if (!currentKey.isSystem()) throw systemsAlone(name, key);
    return work();
  };
  const { synchronize, dropDatabase } = DataSource.prototype;
  const { clearDatabase } = PostgresQueryRunner.prototype;
  Object.assign(dataSource, {
    synchronize: (dropsBefore?: boolean) => systemOnly('synchronize', () => synchronize.call(dataSource, dropsBefore)),
    dropDatabase: () => systemOnly('dropDatabase', () => dropDatabase.call(dataSource)),
  });
  const { driver } = dataSource;
  const { createSchemaBuilder } = driver;
  driver.createSchemaBuilder = () => {
    const builder = createSchemaBuilder.call(driver);
    const { build } = builder;
    return Object.assign(builder, {
      build: () => systemOnly('createSchemaBuilder().build', () => build.call(builder)),
    });
  };
  return {
    clearDatabase() {
      return inScopeOf(this.dataSource, () => systemOnly('clearDatabase', () => clearDatabase.call(this)));
    },
  };
}

function systemsAlone(name: string, key: string): UnsupportedStatementError {
  return new UnsupportedStatementError(
    `${name}() is not for ${key}: it changes or drops all that is in every schema that an entity names, \`public\` too. Make and ` +
      'drop the schemas of tenants with TenantSchemaService, change them by migrations; what is the system’s is changed within ' +
      'TenantContext.runAsSystem().',
  );
}

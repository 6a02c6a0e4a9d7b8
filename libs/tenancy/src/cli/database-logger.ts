import type { Logger } from 'typeorm';
import { serverOptions } from '../database/server/tenant-database-servers.js';
import type { TenancyModuleOptions } from '../tenancy-options.interface.js';
import type { Output } from './output/output.js';

/** The options with a logger that is quiet: of each migration that fails TypeORM's own would say once more what the report says. */
export function withQuietDatabase(options: TenancyModuleOptions, output: Output): TenancyModuleOptions {
  const { database } = options;
  if (!database) return options;
  // Checks the options before they are taken apart.
  serverOptions(database);
  const logger = quietLogger(output);
  if (database.default === undefined) return { ...options, database: { logger, ...database } };
  return { ...options, database: { ...database, default: { logger, ...database.default } } };
}

function quietLogger(output: Output): Logger {
  const tell = (message: unknown): void => output.detail(String(message));
  return {
    log: (_level, message) => tell(message),
    logMigration: tell,
    logSchemaBuild: tell,
    logQuery: () => undefined,
    // What fails is thrown, and told then.
    logQueryError: () => undefined,
    logQuerySlow: () => undefined,
  };
}

import { DataSource } from 'typeorm';

export const POOL_SIZE = 10;

/** Every way has the same pool. A connection is kept while the other ways take their turns. */
export const poolOptions = { poolSize: POOL_SIZE, extra: { idleTimeoutMillis: 0 } };

export const openDataSource = (options) =>
  new DataSource({ type: 'postgres', installExtensions: false, ...poolOptions, ...options }).initialize();

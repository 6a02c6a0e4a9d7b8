import type { PostgresConnectionOptions } from 'bullmq';
import type { Environment } from '../environment.js';

/** Where the queue is: a schema and a small pool of its own, beside the tenants' one. */
export function queueConnection(environment: Environment, poolSize: number): PostgresConnectionOptions {
  return {
    connectionString: environment.QUEUE_DATABASE_URL ?? environment.DATABASE_URL,
    schema: 'bullmq',
    migrate: true,
    max: poolSize,
    // A request waits for the queue: an error it can answer is worth more than a connection that may still come.
    connectionTimeoutMillis: 5_000,
    query_timeout: 10_000,
  };
}

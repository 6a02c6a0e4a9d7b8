import type { QueryRunner } from 'typeorm';
import { QueryRunnerAlreadyReleasedError } from 'typeorm';

/**
 * Lets a query runner that is released while it waits for its connection give that back as it arrives. TypeORM forgets
 * it: the pool would have lost it, and `destroy()` would never end.
 *
 * @param onAsked Is called as the runner asks for its connection, in the context of who asks.
 */
export function releaseOnArrival(runner: QueryRunner, onAsked: () => void): QueryRunner {
  const { connect, release } = runner;
  let arrival: Promise<unknown> | undefined;
  let hasArrived = false;
  let isGivenUp = false;

  async function arrive(): Promise<unknown> {
    try {
      onAsked();
      const connection: unknown = await connect.call(runner);
      if (!isGivenUp) return connection;
    } finally {
      hasArrived = true;
    }
    await release.call(runner);
    throw new QueryRunnerAlreadyReleasedError();
  }

  return Object.assign(runner, {
    connect: () => (hasArrived ? connect.call(runner) : (arrival ??= arrive())),
    release: async () => {
      if (arrival && !hasArrived) isGivenUp = true;
      else await release.call(runner);
    },
  });
}

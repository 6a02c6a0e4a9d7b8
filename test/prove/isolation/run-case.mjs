import { setTimeout as delay } from 'node:timers/promises';
import { describeOperation } from './cases.mjs';
import { DEADLINE_MS, withDeadline } from './deadline.mjs';
import { checkConnections, checkTables } from './inspect.mjs';
import { OPERATIONS } from './operations/index.mjs';
import { openStage } from './stage.mjs';
import { codeOf, Violation } from './violation.mjs';

const byName = new Map(OPERATIONS.map((operation) => [operation.name, operation]));

/** Performs a case against a library, and throws the first violation. `performed` is told of each operation. */
export async function runCase(library, database, uncaught, { batches, ...options }, performed) {
  const { isPlaced } = options;
  for (const eye of Object.values(database.eyes)) if (isPlaced || eye.server === 'default') await eye.reset(isPlaced);
  let stage;
  try {
    stage = await withDeadline(openStage(library, database, options), ['the start']);
    for (const [at, batch] of batches.entries()) {
      if (batch.killIdle) await killIdle(stage);
      const underWay = new Set();
      await withDeadline(runBatch(stage, batch.users, underWay, performed), underWay);
      uncaught.check();
      await afterBatch(at + 1, async () => {
        await withDeadline(checkConnections(stage, options.poolSize), ['the look into each connection']);
        await checkTables(stage);
      });
    }
    await withDeadline(stage.factory.destroy(), ['the end of the pool']);
    uncaught.check();
  } catch (error) {
    await giveUp(stage, database);
    uncaught.forget();
    throw error;
  }
}

async function afterBatch(number, look) {
  try {
    await look();
  } catch (error) {
    throw new Violation(`after batch ${number}: ${error.message}`, { cause: error });
  }
}

/** What hangs would hold what the next case needs. */
async function giveUp(stage, database) {
  await database.killAll();
  for (const eye of Object.values(database.eyes)) await eye.repair();
  await Promise.race([stage?.factory.destroy().catch(() => undefined), delay(1_000)]);
}

async function runBatch(stage, users, underWay, performed) {
  // The first violation ends the batch: what comes after it may only follow from it.
  let isOver = false;
  await Promise.all(
    users.map(async (operations) => {
      for (const operation of operations) {
        for (let left = operation.pause; left > 0; left -= 1) await new Promise(setImmediate);
        const description = describeOperation(operation);
        underWay.add(description);
        await perform(stage, operation, description).finally(() => underWay.delete(description));
        if (isOver) return;
        performed(operation.name);
      }
    }),
  ).finally(() => (isOver = true));
}

async function perform(stage, operation, description) {
  try {
    await byName.get(operation.name).run(stage, operation);
  } catch (error) {
    const reason =
      error instanceof Violation ? error.message : `failed with ${codeOf(error)}, which it must not: ${error.message}`;
    throw new Violation(`${description}\n  ${reason}`, { cause: error });
  }
}

/** All connections that nobody uses die, and the pool has noticed. */
async function killIdle({ database, factory }) {
  await database.killAll();
  const { master } = factory.dataSource.driver;
  // One pool, or one that chooses among several.
  const pools = [...(master.pools?.values() ?? [master])];
  const end = Date.now() + DEADLINE_MS;
  while (pools.some(({ totalCount }) => totalCount > 0)) {
    if (Date.now() > end) throw new Violation('the pool keeps connections whose servers are gone');
    await delay(1);
  }
}

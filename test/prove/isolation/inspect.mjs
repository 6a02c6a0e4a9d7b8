import { BYSTANDERS, homeOf, OWNERS, ownerOn, SEEDS } from './owners.mjs';
import { probe } from './probe.mjs';
import { Violation } from './violation.mjs';
import { withRunner } from './with-runner.mjs';

/** Each connection of the pools: all of a pool are taken at once, so that none is looked at twice. */
export async function checkConnections(stage, poolSize) {
  await Promise.all(stage.servers.map((server) => checkPool(stage, server, poolSize)));
}

async function checkPool(stage, server, poolSize) {
  let open = () => undefined;
  const all = new Promise((resolve) => (open = resolve));
  let taken = 0;
  await Promise.all(
    Array.from({ length: poolSize }, () =>
      withRunner(stage.factory.systemOf(server), async (runner) => {
        await runner.connect();
        taken += 1;
        if (taken === poolSize) open();
        await all;
        await probe(runner, 'system', stage, server);
      }),
    ),
  );
}

/** By the superuser's eye: every table holds what the model says, and nothing else was touched. */
export async function checkTables({ database, ledger, servers, isPlaced }) {
  for (const server of servers) {
    const eye = database.eyes[server];
    const found = await eye.rows();
    for (const { id, schema } of Object.values(OWNERS)) {
      const owner = ownerOn(server, id, isPlaced);
      const notes = homeOf(id, isPlaced) === server ? ledger.stateOf(id) : { there: SEEDS };
      compare(`${server}: ${schema}.notes`, found.get(`${schema}.notes`), notes, owner);
      compare(`${server}: ${schema}.replies`, found.get(`${schema}.replies`), { there: SEEDS }, owner);
    }
    for (const { place, owner, body } of BYSTANDERS) {
      compare(`${server}: ${place}`, found.get(place), { there: [body] }, owner);
    }
    const changed = await eye.changedTables();
    if (changed.length > 0) throw new Violation(`tables came or went on ${server}: ${changed.join(', ')}`);
  }
}

function compare(place, found, { there, unsure = [] }, owner) {
  const rowsOf = (bodies) => new Set(bodies.map((body) => `${owner}: ${body}`));
  const missing = rowsOf(there);
  const possible = rowsOf(unsure);
  const extra = found.filter((row) => !missing.delete(row) && !possible.delete(row));
  if (extra.length > 0) throw new Violation(`${place} holds what it must not: ${extra.join(', ')}`);
  if (missing.size > 0) throw new Violation(`${place} lacks what was committed: ${[...missing].join(', ')}`);
}

// What is seen depends on who comes first: a case that still fails may need more than one try to show it.
const TRIES = 3;
const AS_SIMPLE_AS_CAN_BE = {
  perTenant: null,
  shared: false,
  isolation: 'schema',
  cached: false,
  statementTimeout: undefined,
  isPlaced: false,
  affinity: false,
  prepare: false,
  poolSize: 2,
};

/**
 * Makes a case smaller that fails, for as long as it does and there is time. `failure` performs a case and answers what it
 * failed with, or `undefined`. Answers the smallest one that failed, and with what.
 */
export async function shrink(given, error, failure, until) {
  const smallest = { given, error };
  const stillFails = async (candidate) => {
    for (let left = TRIES; left > 0 && performance.now() < until; left -= 1) {
      const found = await failure(candidate);
      if (!found) continue;
      Object.assign(smallest, { given: candidate, error: found });
      return true;
    }
    return false;
  };
  await dropBatches(smallest, stillFails);
  await dropOperations(smallest, stillFails);
  await simplify(smallest, stillFails);
  return smallest;
}

/** One after the other, the last ones first: what came after the failure was not even performed. */
async function dropBatches(smallest, stillFails) {
  for (let at = smallest.given.batches.length - 1; at >= 0; at -= 1) {
    const batches = smallest.given.batches.filter((_, other) => other !== at);
    if (batches.length > 0) await stillFails({ ...smallest.given, batches });
  }
}

/** In ever smaller pieces, as long as one of them can be left out (Zeller's ddmin). */
async function dropOperations(smallest, stillFails) {
  let pieces = 2;
  for (;;) {
    const items = itemsOf(smallest.given);
    const size = Math.ceil(items.length / pieces);
    let isSmaller = false;
    for (let at = 0; at < items.length && !isSmaller; at += size) {
      const rest = [...items.slice(0, at), ...items.slice(at + size)];
      isSmaller = rest.length > 0 && (await stillFails(caseOf(smallest.given, rest)));
    }
    if (isSmaller) pieces = Math.max(pieces - 1, 2);
    else if (size <= 1) return;
    else pieces = Math.min(pieces * 2, items.length);
  }
}

/** Without what surrounds the operations, as far as it has nothing to do with it. */
async function simplify(smallest, stillFails) {
  for (const [name, value] of Object.entries(AS_SIMPLE_AS_CAN_BE)) {
    if (smallest.given[name] !== value) await stillFails({ ...smallest.given, [name]: value });
  }
  const calm = smallest.given.batches.map((batch) => ({ ...batch, killIdle: false }));
  if (smallest.given.batches.some(({ killIdle }) => killIdle)) await stillFails({ ...smallest.given, batches: calm });
  const atOnce = itemsOf(smallest.given).map((item) => ({ ...item, operation: { ...item.operation, pause: 0 } }));
  await stillFails(caseOf(smallest.given, atOnce));
}

/** The operations of a case in one list, each with its place. */
function itemsOf({ batches }) {
  return batches.flatMap(({ users }, batch) =>
    users.flatMap((operations, user) => operations.map((operation) => ({ batch, user, operation }))),
  );
}

function caseOf(given, items) {
  const batches = given.batches.map(({ killIdle, users }, batch) => ({
    killIdle,
    users: users.map((_, user) =>
      items.filter((item) => item.batch === batch && item.user === user).map(({ operation }) => operation),
    ),
  }));
  return { ...given, batches: batches.filter(({ users }) => users.some((list) => list.length > 0)) };
}

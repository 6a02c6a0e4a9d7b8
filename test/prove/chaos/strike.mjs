import { setTimeout as delay } from 'node:timers/promises';

const CALM_MS = 1_500;
const WINDOW_MS = 500;
const PATIENCE_MS = 30_000;

/** Lets something happen to the load, and measures how long it takes to get over it. `cause` returns a note, or nothing. */
export async function strike(load, event, cause) {
  await delay(CALM_MS);
  const begin = performance.now();
  const calmRate = since(load.successes, begin - CALM_MS).length / CALM_MS;
  const failedBefore = load.failures.length;
  const succeededBefore = load.successes.length;
  const note = await cause();
  const end = performance.now();
  const succeeded = load.successes.length - succeededBefore;
  const recovery = await recovered(load, end, calmRate);
  return {
    event,
    seconds: inSeconds(end - begin),
    succeeded,
    failed: load.failures.length - failedBefore,
    firstSuccess: inSeconds(recovery.first),
    rateBack: inSeconds(recovery.rate),
    recovered: recovery.rate !== undefined,
    note,
  };
}

/** The milliseconds to the first success, and to half a second with at least half of the calm rate. */
async function recovered(load, end, calmRate) {
  const wanted = Math.max(1, (calmRate * WINDOW_MS) / 2);
  while (performance.now() < end + PATIENCE_MS) {
    await delay(20);
    const times = since(load.successes, end);
    for (const [at, from] of times.entries()) {
      const last = times[at + Math.ceil(wanted) - 1];
      if (last !== undefined && last - from <= WINDOW_MS) return { first: times[0] - end, rate: from - end };
    }
  }
  const [first] = since(load.successes, end);
  return { first: first && first - end };
}

function since(times, from) {
  // From the end: the list is long, and what is asked for is short.
  let at = times.length;
  while (at > 0 && times[at - 1] >= from) at -= 1;
  return times.slice(at);
}

function inSeconds(milliseconds) {
  return milliseconds === undefined ? undefined : Number((milliseconds / 1_000).toFixed(2));
}

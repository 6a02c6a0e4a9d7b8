/**
 * Draws numbers below `count`: each as often (`uniform`), or the n-th n times less often than the first (`zipf`, s = 1).
 * The same seed draws the same numbers, so that the ways of one round are asked for the same tenants.
 */
export function createDraw(kind, count, seed) {
  const random = createRandom(seed);
  if (kind === 'uniform') return () => Math.floor(random() * count);
  const upTo = new Float64Array(count);
  let sum = 0;
  for (let n = 0; n < count; n += 1) upTo[n] = sum += 1 / (n + 1);
  return () => firstAbove(upTo, random() * sum);
}

/** A copy in an order of its own for each seed. */
export function shuffle(list, seed) {
  const random = createRandom(seed);
  const shuffled = [...list];
  for (let n = shuffled.length - 1; n > 0; n -= 1) {
    const other = Math.floor(random() * (n + 1));
    [shuffled[n], shuffled[other]] = [shuffled[other], shuffled[n]];
  }
  return shuffled;
}

function firstAbove(ascending, value) {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** mulberry32: from 0 up to 1. */
function createRandom(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

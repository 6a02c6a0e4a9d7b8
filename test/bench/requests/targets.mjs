import { rounded } from '../report/statistics.mjs';
import { OURS } from './ways.mjs';

const AT_LEAST = 0.95;
/** What the heap may have grown since the second tenth, when the compiler and the caches have what they need. */
const GROWTH = 1.05;

/** Whether the library costs next to nothing beside what any way to carry a tenant has to pay. */
export function requestTargets({ rows }) {
  return rows.map(({ adapter, resolver, toStorage }) => ({
    target: `${adapter}, ${resolver}: ${AT_LEAST} of an AsyncLocalStorage alone`,
    reached: toStorage[OURS],
    isMet: toStorage[OURS] >= AT_LEAST,
  }));
}

/** Whether the heap stays as it is. */
export function soakTargets({ rows }) {
  return rows.map(({ adapter, heap }) => ({
    target: `${adapter}: a heap of at most ${GROWTH} of that after the second tenth`,
    reached: rounded(heap.at(-1) / heap[1], 3),
    isMet: heap.at(-1) <= GROWTH * heap[1],
  }));
}

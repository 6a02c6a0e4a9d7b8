import { STORAGE } from './ways.mjs';

const OURS = 'nestjs-tenancy';
const AT_LEAST = 0.95;

/** Whether the library costs next to nothing beside what any way to carry a tenant has to pay. */
export function requestTargets({ rows }) {
  return rows
    .filter(({ toStorage }) => toStorage?.[OURS] !== undefined && toStorage[STORAGE] !== undefined)
    .map(({ adapter, resolver, toStorage }) => ({
      target: `${adapter}, ${resolver}: ${AT_LEAST} of an AsyncLocalStorage alone`,
      reached: toStorage[OURS],
      isMet: toStorage[OURS] >= AT_LEAST,
    }));
}

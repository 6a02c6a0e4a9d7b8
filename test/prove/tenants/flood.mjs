import { setTimeout as delay } from 'node:timers/promises';
import { collectedHeap } from '../../bench/memory/collected-heap.mjs';
import { LIMITS } from './limits.mjs';
import { randomId } from './stage.mjs';

const AT_ONCE = 5_000;
const IDS = 100_000;
const BATCH = 2_000;
const BATCH_EVERY_MS = 50;
const MISSES = 300;
const KEPT = 100;
// As by default: this process does much at once, and must not take that for a store that is down.
const PATIENCE_MS = 5_000;
const HEAP_GROWTH = 24 * 1_048_576;

/** Ids that are nobody's, in numbers: what they cost the registry, this process, and the tenants that there are. */
export const flood = [
  {
    name: `${AT_ONCE.toLocaleString('en')} ids at once`,
    async run(stage) {
      // Nobody is given up: what the registry still works on would not be counted here.
      await stage.open({ storeTimeout: 10_000 });
      await stage.registry.set({ slow: 50 });
      await Promise.all(Array.from({ length: AT_ONCE }, () => stage.askUnknown()));
      const { most } = await stage.registry.calls();
      const atMost = LIMITS.maxLookups + LIMITS.maxWaiting;
      if (stage.lookups > atMost) stage.witness.violate('a flood cost too much', `${stage.lookups} of ${atMost} calls`);
      if (most > LIMITS.maxLookups) stage.witness.violate('too many look-ups ran at once', String(most));
      return { lookups: stage.lookups, atMost };
    },
  },
  {
    name: 'ids without end',
    async run(stage) {
      await stage.open({ storeTimeout: PATIENCE_MS });
      await stage.warmUp();
      await stage.registry.set({ slow: 50 });
      // A tenant that is left to the flood grows older than that.
      stage.witness.maxAge = 2 * LIMITS.ttl;
      stage.startLoad({ unknown: 2 * (LIMITS.maxLookups + LIMITS.maxWaiting) });
      await delay(4 * LIMITS.ttl);
      return { lookups: stage.lookups };
    },
  },
  {
    name: `${IDS.toLocaleString('en')} ids, one after another`,
    async run(stage) {
      await stage.open({ storeTimeout: PATIENCE_MS, maxMisses: MISSES, negativeMax: KEPT });
      await stage.warmUp();
      await stage.registry.set({ slow: 50 });
      stage.startLoad({ unknown: 0 });
      await delay(LIMITS.ttl);
      // The witness keeps each latency: not what is measured here.
      const latencies = new Float64Array(IDS);
      const heapBefore = await collectedHeap();
      const began = performance.now();
      await send(stage, latencies);
      const minutes = (performance.now() - began) / 60_000;
      await stage.stopLoad();
      const heapGrowth = (await collectedHeap()) - heapBefore;
      stage.witness.unknown.latencies.push(...latencies.subarray(0, 1), ...latencies.toSorted().slice(-1_000));

      const atMost = Math.ceil(MISSES * (1 + minutes));
      const { absent } = stage.tenants.metrics().entries;
      if (stage.lookupsOfNobody > atMost)
        stage.witness.violate('a flood cost too much', `${stage.lookupsOfNobody} of ${atMost} calls`);
      if (absent > KEPT) stage.witness.violate('too many ids of nobody are kept', String(absent));
      if (heapGrowth > HEAP_GROWTH) stage.witness.violate('a flood used up memory', `${heapGrowth} bytes`);
      return { lookups: stage.lookupsOfNobody, atMost, heapMiB: { before: mib(heapBefore), growth: mib(heapGrowth) } };
    },
  },
];

async function send(stage, latencies) {
  const flooding = new Set();
  for (let sent = 0; sent < IDS; sent += BATCH) {
    const batch = Array.from({ length: BATCH }, async (_, at) => {
      const began = performance.now();
      await stage.tenants.getTenant(randomId()).then(
        () => stage.witness.violate('a tenant that there is not was served'),
        (error) => {
          const isNobody = error.code === 'TENANT_NOT_FOUND';
          if (!isNobody && error.code !== 'TENANT_SERVICE_UNAVAILABLE') {
            stage.witness.violate('an error that says nothing', error);
          }
          stage.witness.unknown[isNobody ? 'nobody' : 'refused'] += 1;
        },
      );
      stage.witness.unknown.asked += 1;
      latencies[sent + at] = performance.now() - began;
      stage.witness.compare('an unknown tenant was answered after the deadline', latencies[sent + at], PATIENCE_MS);
    });
    const done = Promise.all(batch).finally(() => flooding.delete(done));
    flooding.add(done);
    await delay(BATCH_EVERY_MS);
  }
  await Promise.all(flooding);
}

const mib = (bytes) => Math.round((bytes / 1_048_576) * 10) / 10;

import { setTimeout as delay } from 'node:timers/promises';
import { flood } from './flood.mjs';
import { LIMITS } from './limits.mjs';
import { knownIds } from './stage.mjs';

const DURATION = 2_200;

/**
 * What may be asked of a store that does not answer: by those that were under way when it went, by those who saw it fail, and
 * by one after each pause.
 */
const callsWhileDown = (duration) =>
  2 * LIMITS.maxLookups + LIMITS.breakerFailures + Math.ceil(duration / LIMITS.retryAfter);

const mode = (name, more) => ({
  begin: (stage) => stage.registry.set({ mode: name, ...more }),
  end: (stage) => stage.registry.set({ mode: 'ok', slow: 0 }),
});

const DOWN = { isDown: true };

/** A registry that does not do what it should while it is asked by many, and then does again. */
function fault(name, { begin, end, isDown = false, limits = {}, duration = DURATION }) {
  return {
    name,
    async run(stage) {
      await stage.open(limits);
      await stage.warmUp();
      stage.startLoad();
      await delay(LIMITS.ttl / 4);
      await begin(stage);
      const before = stage.lookups;
      await delay(duration);
      const lookups = stage.lookups - before;
      const atMost = callsWhileDown(duration);
      await end(stage);
      await stage.registry.set({ version: 2 });
      if (isDown && lookups > atMost) {
        stage.witness.violate('a store that is down was asked too often', `${lookups} of ${atMost} times`);
      }
      await stage.expectRecovery('v2');
      await stage.expectAnswers();
      return { lookups, ...(isDown ? { atMost } : {}) };
    },
  };
}

export const PHASES = [
  {
    name: 'one question',
    async run(stage) {
      await stage.open();
      await Promise.all(Array.from({ length: 200 }, () => stage.askKnown(knownIds[0])));
      for (let n = 0; n < 100; n += 1) await stage.askUnknown('nobody');
      if (stage.lookups > 2) stage.witness.violate('one id was asked for more than once', `${stage.lookups} look-ups`);
      return { lookups: stage.lookups, atMost: 2 };
    },
  },
  {
    name: 'a tenant is made meanwhile',
    async run(stage) {
      await stage.open();
      await stage.askUnknown('newcomer');
      await stage.registry.set({ made: 'newcomer' });
      const made = performance.now();
      while (!(await stage.tenants.findTenant('newcomer'))) {
        const waited = performance.now() - made;
        stage.witness.compare('a new tenant was not served', waited, LIMITS.negativeTtl);
        if (waited > 4 * LIMITS.negativeTtl + stage.witness.slack) break;
        await delay(20);
      }
      return { lookups: stage.lookups };
    },
  },
  {
    name: 'fails once for each',
    async run(stage) {
      await stage.open();
      await stage.registry.set({ mode: 'flaky' });
      for (const id of knownIds.slice(0, 15)) {
        const found = await stage.tenants.getTenant(id).catch((error) => error);
        if (found.id !== id) stage.witness.violate('a look-up was not tried again', String(found));
      }
      return { lookups: stage.lookups };
    },
  },
  {
    name: 'a lost confirmation',
    async run(stage) {
      await stage.open();
      await stage.registry.set({ mode: 'lost' });
      for (const id of knownIds.slice(0, 3)) await stage.tenants.updateConfig(id, { a: 1 }).catch(() => undefined);
      const { changes } = await stage.registry.calls();
      if (changes !== 3) stage.witness.violate('a change was made more than once', `${changes} of 3`);
      return { lookups: changes, atMost: 3 };
    },
  },
  {
    name: 'slow',
    async run(stage) {
      const ttl = 3_000;
      await stage.open({ ttl, refreshAt: 0.2, storeTimeout: 2_000, maxLookups: knownIds.length });
      await stage.warmUp();
      await stage.registry.set({ slow: 1_000 });
      stage.witness.maxAge = ttl;
      stage.startLoad({ unknown: 0 });
      await delay(2 * ttl);
      return { lookups: stage.lookups };
    },
  },
  fault('killed (-9)', {
    ...DOWN,
    begin: (stage) => stage.registry.kill(),
    end: (stage) => stage.registry.start(),
  }),
  fault('stopped (SIGSTOP)', {
    ...DOWN,
    // Far from how long a known tenant waits, and shorter than it stands still.
    limits: { storeTimeout: 1_600 },
    duration: 3_000,
    begin: async (stage) => stage.registry.pause(),
    end: async (stage) => stage.registry.resume(),
  }),
  // Slower than anybody waits for it.
  fault('too slow', { ...DOWN, ...mode('ok', { slow: 2_500 }) }),
  fault('answers 500', { ...DOWN, ...mode('failing') }),
  fault('answers garbage', mode('garbage')),
  fault('answers too much', mode('large')),
  fault('answers another tenant', mode('other')),
  {
    name: 'gone for too long',
    async run(stage) {
      await stage.open();
      await stage.warmUp();
      stage.startLoad();
      await stage.registry.kill();
      await delay(LIMITS.staleTtl + LIMITS.ttl);
      const served = stage.witness.known.served;
      await delay(LIMITS.ttl / 2);
      await stage.stopLoad();
      if (stage.witness.known.served > served) stage.witness.violate('a tenant was served that is too old');
      await stage.registry.start();
      await stage.expectRecovery('v1');
      return { lookups: stage.lookups };
    },
  },
  ...flood,
];

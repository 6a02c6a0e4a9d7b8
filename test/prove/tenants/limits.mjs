/** What the service under test is told: short times, so that everything they bound is reached within seconds. */
export const LIMITS = {
  ttl: 1_000,
  refreshAt: 0.4,
  negativeTtl: 500,
  staleTtl: 5_000,
  staleWait: 100,
  retryAfter: 200,
  breakerFailures: 5,
  storeTimeout: 800,
  retries: 2,
  max: 1_000,
  negativeMax: 500,
  maxLookups: 20,
  maxWaiting: 100,
  // Where a flood is not the subject, ids of nobody must reach the store.
  maxMisses: 1_000_000,
};

/** The largest body that is believed, in bytes. */
export const MAX_BODY = 10_000;
/** How many tenants the registry has. */
export const TENANTS = 40;
/** What a machine at work adds to any time, in milliseconds; how long the event loop stood still comes on top. */
export const SLACK = 300;

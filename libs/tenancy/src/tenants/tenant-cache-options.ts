import { TenancyOptionsError } from '../tenancy.errors.js';

/** How long `TenantService` relies on what it knows, and waits for what it does not. Times are in milliseconds. */
export class TenantCacheOptions {
  /**
   * How long a tenant is kept before the store is asked again. A suspended tenant, or a changed setting, is seen by
   * the other instances after this time at the latest. @defaultValue `30_000`
   */
  ttl = 30_000;
  /**
   * After which share of `ttl` a tenant in use is looked up again in the background, so that no request waits for it; `1` for
   * never. Each tenant has its own time, up to half the rest of `ttl` later. @defaultValue `0.75`
   */
  refreshAt = 0.75;
  /** How long "there is no such tenant" is kept. @defaultValue `2_000` */
  negativeTtl = 2_000;
  /** How long a known tenant keeps working while the store does not answer. @defaultValue `600_000` */
  staleTtl = 600_000;
  /**
   * How long a request for a tenant that is older than `ttl` waits for the store before it is answered with what was known.
   * The look-up goes on. @defaultValue `500`
   */
  staleWait = 500;
  /**
   * How long a store that did not answer is left alone: for a known tenant, which is used as it was, and for all once
   * `breakerFailures` is reached. @defaultValue `1_000`
   */
  retryAfter = 1_000;
  /** How many failures in a row it takes to leave the store alone, and the same for cache-manager. @defaultValue `5` */
  breakerFailures = 5;
  /** How long the store may take, retries and waiting included; one that takes longer does not answer. @defaultValue `5_000` */
  storeTimeout = 5_000;
  /** How often a look-up that failed is tried again within `storeTimeout`. A change never is. @defaultValue `2` */
  retries = 2;
  /** How long cache-manager may take; one that takes longer is done without. @defaultValue `250` */
  cacheTimeout = 250;
  /** How many tenants one process keeps at most, the least recently used go first. @defaultValue `10_000` */
  max = 10_000;
  /** How many ids of nobody one process keeps at most, apart from the tenants. @defaultValue `10_000` */
  negativeMax = 10_000;
  /** How many unknown ids are asked of the store at once; known tenants have as many places of their own. @defaultValue `50` */
  maxLookups = 50;
  /** How many unknown ids wait for such a place; one more is refused at once. @defaultValue `10_000` */
  maxWaiting = 10_000;
  /**
   * How many look-ups of unknown ids may find nobody, at once and again in each minute. Past that, unknown ids are refused
   * without a question to the store: what a flood of them costs. More than `maxLookups`, as one under way counts. @defaultValue `1_000`
   */
  maxMisses = 1_000;
  /**
   * Proves what instances tell each other by the shared cache: the same on all, 32 characters or more. Without it, whoever can
   * write there can say where the tables of a tenant are. @defaultValue none
   */
  secret: string | undefined = undefined;
}

const MIN_SECRET = 32;

/** What would let nobody in. */
const LEAST: Partial<Record<string, number>> = { breakerFailures: 1, maxLookups: 1, maxMisses: 1 };

/** The options with their defaults. One that is given as `undefined` is not given. */
export function completeCacheOptions(given: Partial<TenantCacheOptions>): TenantCacheOptions {
  const options = new TenantCacheOptions();
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (name === 'secret') {
      options.secret = checkedSecret(value);
      continue;
    }
    // NaN, which a variable of the environment becomes so easily, would make every comparison false: nothing cached, or
    // nothing ever forgotten.
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
      throw new TenancyOptionsError(`cache.${name} is ${String(value)}; it must be a number that is not negative.`);
    }
    const least = LEAST[name];
    if (least !== undefined && value < least) {
      throw new TenancyOptionsError(`cache.${name} is ${value}; it must be at least ${least}.`);
    }
    if (name === 'refreshAt' && value > 1) {
      throw new TenancyOptionsError(`cache.refreshAt is ${value}; it is a share of cache.ttl, from 0 to 1.`);
    }
    Object.assign(options, { [name]: value });
  }
  return options;
}

/** Never with what was given: it may be a secret all the same. */
function checkedSecret(given: unknown): string {
  if (typeof given === 'string' && given.length >= MIN_SECRET) return given;
  throw new TenancyOptionsError(`cache.secret is a text of ${MIN_SECRET} characters or more: openssl rand -base64 32`);
}

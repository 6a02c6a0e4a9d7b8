import { monitorEventLoopDelay } from 'node:perf_hooks';
import { LIMITS, SLACK } from './limits.mjs';

/** Looks at every answer of the service, and keeps what must not be. */
export class Witness {
  violations = new Map();
  known = { asked: 0, served: 0, latencies: [] };
  unknown = { asked: 0, refused: 0, nobody: 0, latencies: [] };
  oldest = 0;
  /** What the service was told. */
  limits = LIMITS;
  /** How old an answer may be; longer while the store is down. In milliseconds. */
  maxAge = LIMITS.staleTtl;
  // By how much each limit was exceeded: judged in the end, when it is known how long this process itself stood still.
  #exceeded = new Map();
  #errors;
  #newest = new Map();
  #loop = monitorEventLoopDelay({ resolution: 5 });

  constructor({ TenantNotFoundError, TenantServiceUnavailableError }) {
    this.#errors = { TenantNotFoundError, TenantServiceUnavailableError };
    this.#loop.enable();
  }

  /** What a busy machine may add to any time. */
  get slack() {
    return SLACK + this.#loop.max / 1e6;
  }

  violate(what, detail = '') {
    const { count = 0, first = detail } = this.violations.get(what) ?? {};
    this.violations.set(what, { count: count + 1, first });
  }

  /** Something took so long, or is so old, and may not be more than a limit and what a busy machine adds. */
  compare(what, milliseconds, limit) {
    if (milliseconds <= limit + SLACK) return;
    if (!this.#exceeded.has(what)) this.#exceeded.set(what, []);
    this.#exceeded.get(what).push({ milliseconds, limit });
  }

  async askKnown(tenants, id) {
    const began = performance.now();
    this.known.asked += 1;
    try {
      const tenant = await tenants.getTenant(id);
      this.known.served += 1;
      this.#look(tenant, id);
    } catch (error) {
      const age = Date.now() - (this.#newest.get(id) ?? 0);
      if (age < LIMITS.staleTtl - this.slack)
        this.violate('a known tenant was not served', `${age} ms old: ${String(error)}`);
    }
    this.#note(this.known, began, this.limits.staleWait, 'a known tenant waited for the store');
  }

  async askUnknown(tenants, id) {
    const began = performance.now();
    this.unknown.asked += 1;
    try {
      const tenant = await tenants.getTenant(id);
      this.violate('a tenant that there is not was served', `${tenant.id} for ${id}`);
    } catch (error) {
      if (error instanceof this.#errors.TenantNotFoundError) this.unknown.nobody += 1;
      else if (error instanceof this.#errors.TenantServiceUnavailableError) this.unknown.refused += 1;
      else if (error.code !== 'TENANCY_OPTIONS_INVALID') this.violate('an error that says nothing', String(error));
    }
    this.#note(this.unknown, began, this.limits.storeTimeout, 'an unknown tenant was answered after the deadline');
  }

  #look(tenant, id) {
    if (tenant.id !== id || tenant.schema !== `t_${id.replaceAll('-', '_')}`) {
      return this.violate('another tenant was served', `${tenant.id} (${tenant.schema}) for ${id}`);
    }
    if (!Object.isFrozen(tenant) || !Object.isFrozen(tenant.metadata)) this.violate('a tenant was not frozen', id);
    if (tenant.metadata.pad) this.violate('a body that is too large was believed', id);
    const { answeredAt } = tenant.metadata;
    this.#newest.set(id, Math.max(answeredAt, this.#newest.get(id) ?? 0));
    const age = Date.now() - answeredAt;
    this.oldest = Math.max(this.oldest, age);
    this.compare('a tenant was served that is too old', age, this.maxAge);
  }

  #note(kind, began, limit, violation) {
    const took = performance.now() - began;
    kind.latencies.push(took);
    this.compare(violation, took, limit);
  }

  summary(name) {
    this.#loop.disable();
    for (const [what, measured] of this.#exceeded) {
      for (const { milliseconds, limit } of measured) {
        if (milliseconds > limit + this.slack) this.violate(what, `${Math.round(milliseconds)} of ${limit} ms`);
      }
    }
    return {
      name,
      known: numbers(this.known),
      unknown: numbers(this.unknown),
      oldest: Math.round(this.oldest),
      violations: [...this.violations].map(([what, { count, first }]) => ({ what, count, first })),
    };
  }
}

function numbers({ latencies, ...counts }) {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share) => Math.round((sorted[Math.floor((sorted.length - 1) * share)] ?? 0) * 10) / 10;
  return { ...counts, p50: at(0.5), p99: at(0.99), max: at(1) };
}

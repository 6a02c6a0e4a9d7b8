import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { LIMITS, MAX_BODY, TENANTS } from './limits.mjs';
import { Registry } from './registry.mjs';
import { Witness } from './witness.mjs';

export const knownIds = Array.from({ length: TENANTS }, (_, n) => `tenant-${n}`);
export const randomId = () => `x${randomUUID()}`;

/** A registry in a process of its own, a service that asks it, and somebody who looks at what it answers. */
export class Stage {
  /** How often the store was asked for a tenant, whether anybody answered or not. */
  lookups = 0;
  /** Those of them that were for ids of nobody. */
  lookupsOfNobody = 0;
  #isRunning = false;
  #workers = [];

  constructor(library) {
    const { TenantService, TenantContext, HttpTenantStore, defineTenant } = library;
    this.library = library;
    this.registry = new Registry(TENANTS);
    this.witness = new Witness(library);
    this.open = async (limits = {}) => {
      await this.registry.start();
      this.witness.limits = { ...LIMITS, ...limits };
      // Without a timeout of its own: the service's has to do.
      const http = new HttpTenantStore({ baseUrl: this.registry.url, maxBodyBytes: MAX_BODY, timeout: 60_000 });
      const store = {
        findById: (id) => {
          this.lookups += 1;
          if (!knownIds.includes(id)) this.lookupsOfNobody += 1;
          if (this.context.get()) this.witness.violate('a look-up ran in the scope of a request', id);
          return http.findById(id);
        },
        updateConfig: (id, patch) => http.updateConfig(id, patch),
      };
      this.tenants = new TenantService(store, undefined, this.witness.limits);
      this.context = new TenantContext(this.tenants);
      this.caller = defineTenant({ id: 'caller', schema: 't_caller' });
    };
  }

  /** As a request of some tenant does. */
  askKnown(id) {
    return this.context.run(this.caller, () => this.witness.askKnown(this.tenants, id));
  }

  askUnknown(id = randomId()) {
    return this.context.run(this.caller, () => this.witness.askUnknown(this.tenants, id));
  }

  async warmUp() {
    for (const id of knownIds) await this.askKnown(id);
    this.witness.known.latencies.length = 0;
  }

  /** Asks without a pause, for known tenants and, by as many as are told, for unknown ones. */
  startLoad({ unknown = 2 * LIMITS.maxLookups } = {}) {
    this.#isRunning = true;
    const repeat = async (work, pause) => {
      while (this.#isRunning) {
        await work();
        await delay(pause);
      }
    };
    let next = 0;
    const askNext = () => this.askKnown(knownIds[(next += 1) % knownIds.length]);
    this.#workers = [
      ...Array.from({ length: 8 }, () => repeat(askNext, 1)),
      ...Array.from({ length: unknown }, () => repeat(() => this.askUnknown(), 20)),
    ];
  }

  async stopLoad() {
    this.#isRunning = false;
    await Promise.all(this.#workers);
  }

  /** Whether all known tenants are soon as the registry has them now. */
  async expectRecovery(plan) {
    const until = performance.now() + 4 * LIMITS.ttl + this.witness.slack;
    let behind = knownIds;
    while (behind.length > 0 && performance.now() < until) {
      const answers = await Promise.allSettled(behind.map((id) => this.tenants.getTenant(id)));
      behind = behind.filter((_, at) => answers[at].value?.plan !== plan);
      await delay(20);
    }
    if (behind.length > 0) this.witness.violate('a tenant was not looked up again afterwards', behind.join(', '));
  }

  /** Whether unknown ids are answered again, not refused, though many ask at once. */
  async expectAnswers() {
    const ids = Array.from({ length: LIMITS.maxLookups }, randomId);
    const answers = await Promise.allSettled(ids.map((id) => this.tenants.findTenant(id)));
    const refused = answers.filter(({ status }) => status === 'rejected').length;
    if (refused > 0) this.witness.violate('unknown ids were still refused afterwards', `${refused} of ${ids.length}`);
  }

  async close() {
    await this.stopLoad();
    await this.registry.stop();
  }
}

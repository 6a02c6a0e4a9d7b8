/** What a message gets: a place, to be given back when it is done with, or how long it waits before it asks again. */
export type Turn = { readonly leave: () => void } | { readonly waitMs: number };

interface TenantAtWork {
  places: number;
  /** How long its messages take, in milliseconds: the mean, the last ones above all. */
  durationMs: number;
  /** When the message comes again that was sent away last, in milliseconds as `Date.now()`. */
  dueAt: number;
}

/** How long a message takes where nothing is known of it yet, in milliseconds. */
const FIRST_GUESS = 100;

/**
 * How many of the places that an instance sends from each tenant may have at once: one whose own mail server is silent
 * keeps them for seconds, and must not keep those of the others.
 *
 * Those who come too early are sent away for as long as the places need to come round to them, so that a long queue of one
 * tenant is not asked for all the time, and its places do not stay empty.
 */
export class TenantPlaces {
  private readonly tenants = new Map<string, TenantAtWork>();

  /**
   * @param share how many places a tenant has.
   * @param longestWaitMs after which a message asks again in any case.
   */
  constructor(
    private readonly share: number,
    private readonly longestWaitMs: number,
  ) {}

  take(tenantId: string, now = Date.now()): Turn {
    const tenant = this.tenants.get(tenantId) ?? { places: 0, durationMs: FIRST_GUESS, dueAt: now };
    if (tenant.places >= this.share) {
      const round = tenant.durationMs / this.share;
      tenant.dueAt = Math.min(Math.max(tenant.dueAt, now) + round, now + this.longestWaitMs);
      return { waitMs: Math.ceil(tenant.dueAt - now) };
    }
    this.tenants.set(tenantId, tenant);
    tenant.places += 1;
    return { leave: () => this.leave(tenantId, tenant, Date.now() - now) };
  }

  private leave(tenantId: string, tenant: TenantAtWork, tookMs: number): void {
    // Too short a guess has a message ask once more, too long a one leaves a place empty.
    tenant.durationMs += (tookMs - tenant.durationMs) / 8;
    tenant.places -= 1;
    if (tenant.places === 0) this.tenants.delete(tenantId);
  }
}

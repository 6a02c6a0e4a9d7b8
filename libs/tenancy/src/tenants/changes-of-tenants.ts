import { Logger } from '@nestjs/common';
import { Subject } from 'rxjs';
import type { KnownTenants } from './known-tenants.js';
import type { TenantIdValidator } from './tenant-id.js';
import type { TenantCounters } from './tenant-metrics.js';
import type { TenantChangeListener } from './tenant-store.js';

/** What the store tells of changes, for others of this process. */
export type TenantNotice =
  /** Look the tenant up to know more: what this process knew of it is forgotten. */
  | { readonly type: 'changed'; readonly id: string }
  /** Every change is told from here on; those of before may have been missed. */
  | { readonly type: 'resumed' }
  /** No changes are told until then. */
  | { readonly type: 'lost'; readonly reason: Error };

/** What becomes of what a process knows when the store tells of changes. */
export class ChangesOfTenants implements TenantChangeListener {
  readonly notices = new Subject<TenantNotice>();
  private readonly logger = new Logger('TenancyModule');
  private waiting = new Set<string>();

  constructor(
    private readonly known: KnownTenants,
    private readonly ids: TenantIdValidator,
    private readonly counters: TenantCounters,
  ) {}

  changed(id: string): void {
    if (!this.ids.isValid(id)) return;
    this.counters.changes.heard += 1;
    // A change of all tenants arrives in pieces with thousands of them: one look at what is known for each piece.
    if (this.waiting.size === 0) queueMicrotask(() => this.forget());
    this.waiting.add(id);
  }

  resumed(): void {
    this.counters.changes.resumed += 1;
    if (this.counters.watch === 'lost') this.logger.log('Changes of tenants are heard of again.');
    this.counters.watch = 'listening';
    this.known.distrust();
    this.notices.next({ type: 'resumed' });
  }

  lost(reason: Error): void {
    if (this.counters.watch !== 'lost') {
      this.logger.warn(`${reason.message} Until it is mended, a change of a tenant is seen when cache.ttl is over.`);
    }
    this.counters.watch = 'lost';
    this.notices.next({ type: 'lost', reason });
  }

  private forget(): void {
    const ids = this.waiting;
    this.waiting = new Set();
    // The shared cache is done without where it fails.
    void this.known.forget(ids);
    for (const id of ids) this.notices.next({ type: 'changed', id });
  }
}

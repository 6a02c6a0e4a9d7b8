import { AsyncLocalStorage } from 'node:async_hooks';
import { Observable } from 'rxjs';
import { configVersionOf } from '../tenants/config-version.js';
import type { Tenant } from '../tenants/tenant.js';
import type { TenantService } from '../tenants/tenant.service.js';

type Tenants = Pick<TenantService, 'changes' | 'findTenant' | 'learned' | 'peek'>;

/** A tenant each time that this process learns of other settings than it knew before. */
export function configChanges(tenants: Tenants, tenantId: string): Observable<Tenant> {
  return new Observable((subscriber) => {
    const known = tenants.peek(tenantId);
    let last = known && configVersionOf(known.config);
    // A tenant is learned of in the request that asked for it, which may be another tenant's.
    const tell = AsyncLocalStorage.bind((tenant: Tenant) => subscriber.next(tenant));
    const learning = tenants.learned.subscribe((tenant) => {
      if (tenant.id !== tenantId) return;
      const before = last;
      last = configVersionOf(tenant.config);
      if (before !== undefined && before !== last) tell(tenant);
    });
    const hearing = tenants.changes.subscribe((notice) => {
      if (notice.type !== 'changed' || notice.id !== tenantId) return;
      // Nobody else may ask for it. Where the store does not answer, whoever asks next brings the news.
      tenants.findTenant(tenantId).catch(() => undefined);
    });
    return () => {
      learning.unsubscribe();
      hearing.unsubscribe();
    };
  });
}

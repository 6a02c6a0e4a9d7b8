import { BoundedMap } from './tenants/bounded-map.js';

/** While a tenant is moved all its writes are refused: so long the registry is not asked again, in milliseconds. */
const PAUSE = 1_000;

/**
 * Forgets a tenant whose server refuses to write: it is on another one, and this process may not have heard of it. So the next
 * request of the tenant finds out, whatever the cache's time to live.
 */
export function forgetMoved(forget: (tenantId: string) => Promise<void>): (tenantId: string) => void {
  const last = new BoundedMap<string, number>(1_000);
  return (tenantId) => {
    const now = performance.now();
    if (now - (last.get(tenantId) ?? -Infinity) < PAUSE) return;
    last.set(tenantId, now);
    // Where it fails, the time to live still holds.
    forget(tenantId).catch(() => undefined);
  };
}

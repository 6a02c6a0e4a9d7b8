import type { TenantResolver } from './tenant-resolver.js';

/** How one route finds its tenant: what `@ResolveTenantBy()` notes. */
export interface RouteTenancy {
  readonly resolvers: readonly TenantResolver[];
  /** Whether they are asked instead of the module's hints, not beside them. */
  readonly instead: boolean;
}

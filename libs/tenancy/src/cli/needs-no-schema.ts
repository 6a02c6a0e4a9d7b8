import type { Tenant } from '../tenants/tenant.js';

/** A tenant that is being made, or that is put away, may be without a schema. */
export function needsNoSchema({ status }: Tenant): boolean {
  return status === 'provisioning' || status === 'archived';
}

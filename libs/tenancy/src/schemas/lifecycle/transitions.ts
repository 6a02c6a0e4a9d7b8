import type { TenantStatus } from '../../tenants/tenant.js';

/** A way from some statuses to another one. */
export interface Transition {
  readonly from: readonly TenantStatus[];
  /** As a refusal says it. */
  readonly action: string;
  readonly event: 'tenant.suspended' | 'tenant.restored' | 'tenant.archived';
}

export const SUSPEND: Transition = { from: ['active'], action: 'suspended', event: 'tenant.suspended' };
export const RESTORE: Transition = { from: ['suspended', 'archived'], action: 'restored', event: 'tenant.restored' };
export const ARCHIVE: Transition = { from: ['active', 'suspended'], action: 'archived', event: 'tenant.archived' };

import type { ExecutionContext } from '@nestjs/common';

/** Counts a request against its tenant's quota, once. For whatever answers a request before its handler does. */
export interface RequestQuota {
  /** Throws `TenantQuotaExceededError` where the quota is used up. */
  take(context: ExecutionContext): Promise<void>;
}

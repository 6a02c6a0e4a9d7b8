import { TenantServiceUnavailableError } from '../tenancy.errors.js';

/**
 * The store answered, and what it said cannot be used: another tenant, too much of it, no tenant at all. Asked again it would
 * say the same, and it is one tenant's record that is wrong: that is no reason to leave the store alone.
 */
export class UnusableAnswerError extends TenantServiceUnavailableError {}

/** Whether an error says that the store does not answer, and nothing of what was asked for. */
export function isStoreAway(error: unknown): boolean {
  return error instanceof TenantServiceUnavailableError && !(error instanceof UnusableAnswerError);
}

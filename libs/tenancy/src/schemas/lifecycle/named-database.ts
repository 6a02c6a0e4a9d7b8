import { TenantChangeRefusedError } from '../../tenancy.errors.js';
import type { TenantLifecycleParts } from './tenant-lifecycle-parts.js';

/** What the server is called that a tenant is on where none is named. */
export const DEFAULT_DATABASE = 'default';

/** Refuses where no database server has that name. */
export function assertDatabase(
  parts: Pick<TenantLifecycleParts, 'hasDatabase'>,
  id: string,
  name: string | undefined,
): void {
  if (name === undefined || parts.hasDatabase(name)) return;
  const message = `There is no database server ${JSON.stringify(name)}. Add it to the option database by that name.`;
  throw new TenantChangeRefusedError(id, 'DATABASE_UNKNOWN', message);
}

import { TenancyOptionsError } from '../tenancy.errors.js';
import { TenantAdministration } from '../tenants/tenant-administration.js';
import type { Session } from './session.js';

/** Who makes, changes and removes the tenants of the application. Throws where its store can only read. */
export function administrationOf(session: Session): TenantAdministration {
  const administration = session.find(TenantAdministration);
  if (administration) return administration;
  throw new TenancyOptionsError(
    'The store of this application only reads tenants. HttpTenantStore can change them, over the API of a tenant management ' +
      'service; so can TypeOrmTenantStore where the option `database` is given, and every store with the methods of ' +
      'TenantAdministration.',
  );
}

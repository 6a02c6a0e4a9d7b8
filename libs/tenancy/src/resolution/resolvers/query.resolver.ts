import { InvalidTenantIdError } from '../../tenancy.errors.js';
import type { TenantRequest } from '../tenant-request.js';
import { queryOf } from '../tenant-request.js';
import type { TenantResolver } from '../tenant-resolver.js';

/**
 * Reads the tenant id from a query parameter. One that is given more than once, or as a list, is refused.
 *
 * @example new QueryTenantResolver('tenant') // /messages?tenant=acme
 */
export class QueryTenantResolver implements TenantResolver {
  readonly source: string;

  constructor(private readonly name = 'tenant_id') {
    this.source = `query parameter ${name}`;
  }

  resolve(request: TenantRequest): string | undefined {
    // The query parser of the application may read `tenant_id[]` and `tenant_id[0]` as the parameter too.
    const given = [...queryOf(request)].filter(([name]) => name === this.name || name.startsWith(`${this.name}[`));
    const [first] = given;
    if (first === undefined) return undefined;
    if (given.length > 1 || first[0] !== this.name) {
      throw new InvalidTenantIdError(given, this.source, 'The parameter is given once, and not as a list.');
    }
    return first[1];
  }
}

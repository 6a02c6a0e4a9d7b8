import { InvalidTenantIdError } from '../../tenancy.errors.js';
import type { TenantRequest } from '../tenant-request.js';
import { queryOf } from '../tenant-request.js';
import type { TenantResolver } from '../tenant-resolver.js';

/** Reads the tenant id from a query parameter. One that is given more than once is refused. */
export class QueryTenantResolver implements TenantResolver {
  readonly source: string;

  constructor(private readonly name = 'tenant_id') {
    this.source = `query parameter ${name}`;
  }

  resolve(request: TenantRequest): string | undefined {
    const query = queryOf(request);
    const values = [...query.getAll(this.name), ...query.getAll(`${this.name}[]`)];
    if (values.length > 1) throw new InvalidTenantIdError(`${values.length} values`, this.source);
    return values[0];
  }
}

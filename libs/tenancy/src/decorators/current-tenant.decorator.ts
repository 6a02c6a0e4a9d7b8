import type { ExecutionContext } from '@nestjs/common';
import { createParamDecorator } from '@nestjs/common';
import { tenantOfScope } from '../context/tenant-context.js';
import { currentScope } from '../context/tenancy-scope.js';
import type { Tenant } from '../tenants/tenant.js';

/**
 * The current tenant, or one of its properties, as a handler's parameter. Throws `TenantContextMissingError` where
 * there is none.
 *
 * @example
 * list(@CurrentTenant() tenant: Tenant, @CurrentTenant('id') id: string) {}
 */
export const CurrentTenant: (property?: keyof Tenant) => ParameterDecorator = createParamDecorator(
  (property: keyof Tenant | undefined, _context: ExecutionContext) => {
    const tenant = tenantOfScope(currentScope());
    return property === undefined ? tenant : tenant[property];
  },
);

import { Injectable } from '@nestjs/common';
import { InvalidTenantIdError, TenantContextMissingError, TenantSuspendedError } from '../tenancy.errors.js';
import type { Tenant } from '../tenants/tenant.js';
import { defineTenant } from '../tenants/tenant.js';
import { TenantService } from '../tenants/tenant.service.js';
import { runAndKeepScope } from './keep-scope.js';
import type { TenancyScope } from './tenancy-scope.js';
import { currentScope } from './tenancy-scope.js';

/**
 * The current tenant. A singleton that reads the scope of the running request, job or call, so that whoever injects it
 * stays a singleton too.
 *
 * @example
 * class InvoiceService {
 *   constructor(private readonly tenants: TenantContext) {}
 *   title() {
 *     return `Invoice of ${this.tenants.getOrThrow().name}`;
 *   }
 * }
 */
@Injectable()
export class TenantContext {
  constructor(private readonly tenants: TenantService) {}

  /** The current tenant; `undefined` outside every scope, in a system scope and on a route that belongs to no tenant. */
  get(): Tenant | undefined {
    return currentScope()?.tenant;
  }

  /** The current tenant. Throws `TenantContextMissingError`, or the reason why this request has none. */
  getOrThrow(): Tenant {
    return tenantOfScope(currentScope());
  }

  /** The current tenant's id. */
  get tenantId(): string | undefined {
    return this.get()?.id;
  }

  /** The current tenant's schema. */
  get schema(): string | undefined {
    return this.get()?.schema;
  }

  /** Whether the running code works for the system, in the schema `public`. */
  get isSystem(): boolean {
    return currentScope()?.system === true;
  }

  /**
   * Runs work as a tenant; the outer scope is back when it returns or throws. Given an id, the tenant is looked up
   * first and must be active. Given a tenant, it is taken as it is, whatever its status. What work returns to be done
   * later stays in the scope: an Observable, a generator, a query that runs once it is awaited.
   *
   * @example await context.run('acme', () => messages.find())
   */
  run<T>(tenant: Tenant, work: () => T): T;
  run<T>(id: string, work: () => T): Promise<Awaited<T>>;
  run<T>(tenant: Tenant | string, work: () => T): T | Promise<Awaited<T>>;
  run<T>(tenant: Tenant | string, work: () => T): T | Promise<Awaited<T>> {
    // Not every caller has a type checker, and a job without its tenant's id must not run for nobody.
    if (tenant === undefined || tenant === null)
      throw new InvalidTenantIdError(tenant, undefined, 'An id is a string.');
    if (typeof tenant !== 'string') return runAndKeepScope({ tenant: defineTenant(tenant) }, work);
    return this.tenants.getTenant(tenant).then((found) => runAndKeepScope({ tenant: found }, work)) as Promise<
      Awaited<T>
    >;
  }

  /** Runs work that belongs to no tenant, in the schema `public`. */
  runAsSystem<T>(work: () => T): T {
    return runAndKeepScope({ system: true }, work);
  }

  /**
   * Changes the tenant of the running scope only. Throws outside a scope, and for a tenant that is not active. A scope is
   * one for all that runs in it: where branches run at once (`Promise.all`), give each a scope of its own with `run()`.
   */
  set(tenant: Tenant): void {
    const scope = requireScope();
    const defined = defineTenant(tenant);
    if (defined.status !== 'active') throw new TenantSuspendedError(defined.id, defined.status);
    scope.tenant = defined;
    scope.system = false;
    delete scope.owner;
    delete scope.refusal;
  }

  /** Leaves the running scope without a tenant. Throws outside a scope. */
  clear(): void {
    const scope = requireScope();
    delete scope.tenant;
    scope.system = false;
    delete scope.owner;
    delete scope.refusal;
  }
}

/** The tenant of a scope, or the error that says why there is none. */
export function tenantOfScope(scope: TenancyScope | undefined): Tenant {
  if (scope?.tenant) return scope.tenant;
  throw scope?.refusal ?? new TenantContextMissingError();
}

function requireScope(): TenancyScope {
  const scope = currentScope();
  if (!scope) throw new TenantContextMissingError();
  return scope;
}

import { tenantOfScope } from '../../context/tenant-context.js';
import type { TenancyScope } from '../../context/tenancy-scope.js';
import { TenancyOptionsError } from '../../tenancy.errors.js';
import { isTenantSchemaName } from '../../tenants/schema-name.js';
import type { Tenant } from '../../tenants/tenant.js';
import { SearchPathMessages } from './statement-prefix.js';

/** What a database connection is tied to while it is checked out. */
export interface TenantBinding {
  /** Tells bindings apart, and names them in errors. */
  readonly key: string;
  /** `undefined` for the system. */
  readonly tenantId?: string;
  /** What sets `search_path`: quoted, and without any schema but the one that is meant and the shared ones. */
  readonly messages: SearchPathMessages;
}

const SHARED_SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;

/** Makes bindings: the one place where a schema's name becomes SQL. */
export class TenantBindings {
  /**
   * Whether a connection reaches its server process directly, and always the same one: then that can keep a prepared
   * statement. False until it is known.
   */
  isDirect = false;
  private readonly tail: string;
  private readonly system: TenantBinding;
  // A tenant is frozen, so what was made of it holds for as long as the object lives.
  private readonly known = new WeakMap<Tenant, TenantBinding>();

  constructor(sharedSchemas: readonly string[] = []) {
    for (const schema of sharedSchemas) {
      if (!SHARED_SCHEMA.test(schema) || schema === 'public') {
        throw new TenancyOptionsError(
          `${JSON.stringify(schema)} cannot be a shared schema: every tenant would find its tables. ` +
            'Install extensions into a schema of their own and name that one.',
        );
      }
    }
    // pg_temp is named last because PostgreSQL otherwise searches it first, and a temporary table would hide a real one.
    this.tail = [...sharedSchemas.map((schema) => `, "${schema}"`), ', pg_temp'].join('');
    this.system = { key: 'the system', messages: new SearchPathMessages(`"public"${this.tail}`) };
  }

  /** The binding of a scope; `undefined` where it has none. */
  find(scope: TenancyScope | undefined): TenantBinding | undefined {
    return scope?.system || scope?.tenant ? this.of(scope) : undefined;
  }

  /** The binding of a scope; throws where it has neither a tenant nor is the system's. */
  of(scope: TenancyScope | undefined): TenantBinding {
    if (scope?.system) return this.system;
    const tenant = tenantOfScope(scope);
    const known = this.known.get(tenant);
    if (known) return known;
    if (!isTenantSchemaName(tenant.schema)) {
      throw new TenancyOptionsError(`${JSON.stringify(tenant.schema)} is not a name for a tenant's schema.`);
    }
    const binding = {
      tenantId: tenant.id,
      key: `tenant ${tenant.id} (${tenant.schema})`,
      messages: new SearchPathMessages(`"${tenant.schema}"${this.tail}`),
    };
    this.known.set(tenant, binding);
    return binding;
  }
}

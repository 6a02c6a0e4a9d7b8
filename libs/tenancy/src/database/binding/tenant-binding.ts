import { tenantOfScope } from '../../context/tenant-context.js';
import type { TenancyScope } from '../../context/tenancy-scope.js';
import { TenancyOptionsError } from '../../tenancy.errors.js';
import { isTenantSchemaName } from '../../tenants/schema-name.js';
import type { Tenant } from '../../tenants/tenant.js';
import type { LocalSetting } from './statement-prefix.js';
import { BindingMessages } from './statement-prefix.js';

/** What a database connection is tied to while it is checked out. */
export interface TenantBinding {
  /** Tells bindings apart, and names them in errors. */
  readonly key: string;
  /** `undefined` for the system. */
  readonly tenantId?: string;
  /** The schema its unqualified names are in: not quoted. */
  readonly schema: string;
  readonly searchPath: string;
  /** What ties a statement to it. */
  readonly messages: BindingMessages;
}

export interface TenantBindingsOptions {
  /** Schemas that every tenant may read without naming them, after its own. */
  readonly sharedSchemas?: readonly string[];
  /** What else the transactions of a tenant, or of the system, are told. The same names for all of them. */
  readonly settingsOf?: (tenant: Tenant | undefined) => readonly LocalSetting[];
}

const SHARED_SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;

/** Makes bindings: the one place where a schema's name becomes SQL. */
export class TenantBindings {
  private readonly tail: string;
  private readonly system: TenantBinding;
  // A tenant is frozen, so what was made of it holds for as long as the object lives.
  private readonly known = new WeakMap<Tenant, TenantBinding>();
  private readonly settingsOf: NonNullable<TenantBindingsOptions['settingsOf']>;

  constructor({ sharedSchemas = [], settingsOf = () => [] }: TenantBindingsOptions = {}) {
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
    this.settingsOf = settingsOf;
    this.system = { key: 'the system', ...this.bindingIn('public', undefined) };
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
      ...this.bindingIn(tenant.schema, tenant),
    };
    this.known.set(tenant, binding);
    return binding;
  }

  private bindingIn(
    schema: string,
    tenant: Tenant | undefined,
  ): Pick<TenantBinding, 'schema' | 'searchPath' | 'messages'> {
    const searchPath = `"${schema}"${this.tail}`;
    return {
      schema,
      searchPath,
      messages: new BindingMessages([['search_path', searchPath], ...this.settingsOf(tenant)]),
    };
  }
}

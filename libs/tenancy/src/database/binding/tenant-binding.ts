import { tenantOfScope } from '../../context/tenant-context.js';
import type { TenancyScope } from '../../context/tenancy-scope.js';
import { TenancyOptionsError, TenantDatabaseUnknownError } from '../../tenancy.errors.js';
import { isTenantSchemaName } from '../../tenants/schema-name.js';
import type { Tenant } from '../../tenants/tenant.js';
import { defineTenant } from '../../tenants/tenant.js';
import type { LocalSetting } from './statement-prefix.js';
import { BindingMessages } from './statement-prefix.js';

/** The server of a tenant that names none. */
export const DEFAULT_SERVER = 'default';

/** What a database connection is tied to while it is checked out. */
export interface TenantBinding {
  /** Tells bindings apart, those of a tenant that was moved to another server too, and names them in errors. */
  readonly key: string;
  /** `undefined` for the system. */
  readonly tenantId?: string;
  /** The database server that it is for. */
  readonly server: string;
  /** The schema its unqualified names are in: not quoted. */
  readonly schema: string;
  readonly searchPath: string;
  /** All that a statement is told, the path first. */
  readonly settings: readonly LocalSetting[];
  /** What ties a statement to it. */
  readonly messages: BindingMessages;
  /** Whether its statements run as the tenant's own role, which none of them may leave. */
  readonly keepsRole: boolean;
  /** After how many milliseconds the server cuts a statement of the tenant off; `undefined` where nobody said. */
  readonly statementTimeout: number | undefined;
  /** Is told where the server refuses to write, because the tenant is moved or was. */
  readonly onReadOnly: ((tenantId: string) => void) | undefined;
}

export interface ServerBindingOptions {
  /** Schemas that every tenant may read without naming them, after its own. */
  readonly sharedSchemas?: readonly string[];
}

export interface TenantBindingsOptions extends ServerBindingOptions {
  /** The database servers by name. @defaultValue one, the default one */
  readonly servers?: ReadonlyMap<string, ServerBindingOptions>;
  /**
   * What else the transactions of a tenant, or of the system, are told: the same names for all of them, since a connection
   * prepares them once.
   */
  readonly settingsOf?: (tenant: Tenant | undefined) => readonly LocalSetting[];
  /** Is told of a tenant whose server refuses to write, because it is moved or was. */
  readonly onReadOnly?: (tenantId: string) => void;
}

const SHARED_SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;

/** Makes bindings: the one place where a schema's name becomes SQL. */
export class TenantBindings {
  /** What comes after a tenant's own schema, on each server. */
  private readonly tails = new Map<string, string>();
  private readonly systems = new Map<string, TenantBinding>();
  // A tenant is frozen, so what was made of it holds for as long as the object lives.
  private readonly known = new WeakMap<Tenant, TenantBinding>();
  private readonly owners = new WeakMap<Tenant, TenantBinding>();
  private readonly settingsOf: NonNullable<TenantBindingsOptions['settingsOf']>;
  private readonly onReadOnly: TenantBindingsOptions['onReadOnly'];

  constructor({ settingsOf = () => [], onReadOnly, servers, ...only }: TenantBindingsOptions = {}) {
    this.settingsOf = settingsOf;
    this.onReadOnly = onReadOnly;
    for (const [server, { sharedSchemas = [] }] of servers ?? [[DEFAULT_SERVER, only]]) {
      this.tails.set(server, tailOf(sharedSchemas));
      this.systems.set(server, { key: `the system${on(server)}`, ...this.bindingIn('public', server, undefined) });
    }
  }

  /** The binding of a scope; `undefined` where it has none. */
  find(scope: TenancyScope | undefined): TenantBinding | undefined {
    return scope?.system || scope?.tenant ? this.of(scope) : undefined;
  }

  /**
   * The binding of a scope. Throws where it has neither a tenant nor is the system's, and where the server that it names
   * is not there.
   */
  of(scope: TenancyScope | undefined): TenantBinding {
    if (scope?.system) return this.ofSystem(scope.database ?? DEFAULT_SERVER);
    const tenant = tenantOfScope(scope);
    if (scope?.owner) return this.ofOwner(tenant);
    const known = this.known.get(tenant);
    if (known) return known;
    const binding = this.make(tenant, tenant);
    this.known.set(tenant, binding);
    return binding;
  }

  /**
   * A tenant that nobody is, to see what a server makes of a binding: it has a path of its own, and is told what the
   * system is told otherwise.
   */
  invent(schema: string, server: string): Tenant {
    const tenant = defineTenant({ id: schema, schema, database: server });
    this.known.set(tenant, this.make(tenant, undefined));
    return tenant;
  }

  /** In the tenant's schema, and told what the system is told: what makes and changes the tables is no tenant's. */
  private ofOwner(tenant: Tenant): TenantBinding {
    const known = this.owners.get(tenant);
    if (known) return known;
    const binding = this.make(tenant, undefined);
    const owner = { ...binding, key: `the owner of ${binding.key}` };
    this.owners.set(tenant, owner);
    return owner;
  }

  private ofSystem(server: string): TenantBinding {
    const binding = this.systems.get(server);
    if (!binding) throw new TenantDatabaseUnknownError([...this.systems.keys()], server);
    return binding;
  }

  private make(tenant: Tenant, toldAs: Tenant | undefined): TenantBinding {
    const { id, schema, database: server = DEFAULT_SERVER } = tenant;
    if (!isTenantSchemaName(schema)) {
      throw new TenancyOptionsError(`${JSON.stringify(schema)} is not a name for a tenant's schema.`);
    }
    if (!this.tails.has(server)) throw new TenantDatabaseUnknownError([...this.tails.keys()], server, id);
    return { tenantId: id, key: `tenant ${id} (${schema}${on(server)})`, ...this.bindingIn(schema, server, toldAs) };
  }

  private bindingIn(
    schema: string,
    server: string,
    toldAs: Tenant | undefined,
  ): Omit<TenantBinding, 'key' | 'tenantId'> {
    const searchPath = `"${schema}"${this.tails.get(server)}`;
    const settings: LocalSetting[] = [['search_path', searchPath], ...this.settingsOf(toldAs)];
    const told = new Map(settings);
    const timeout = told.get('statement_timeout') ?? undefined;
    return {
      server,
      schema,
      searchPath,
      settings,
      messages: new BindingMessages(settings),
      keepsRole: typeof told.get('role') === 'string',
      statementTimeout: timeout === undefined ? undefined : Number(timeout),
      onReadOnly: this.onReadOnly,
    };
  }
}

/** pg_temp is named last because PostgreSQL otherwise searches it first, and a temporary table would hide a real one. */
function tailOf(sharedSchemas: readonly string[]): string {
  for (const schema of sharedSchemas) {
    if (!SHARED_SCHEMA.test(schema) || schema === 'public') {
      throw new TenancyOptionsError(
        `${JSON.stringify(schema)} cannot be a shared schema: every tenant would find its tables. ` +
          'Install extensions into a schema of their own and name that one.',
      );
    }
  }
  return [...sharedSchemas.map((schema) => `, "${schema}"`), ', pg_temp'].join('');
}

function on(server: string): string {
  return server === DEFAULT_SERVER ? '' : ` on ${server}`;
}

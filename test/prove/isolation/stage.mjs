import { ENTITIES } from './entities.mjs';
import { tenantRole } from './eye.mjs';
import { Ledger } from './ledger.mjs';
import { MemoryCache } from './memory-cache.mjs';
import { HOMELESS, homeOf, OWNERS, SERVERS } from './owners.mjs';
import { WRITERS } from './writers.mjs';

/** What operations play on: a service's own parts, fresh for each case, and what the model knows. */
export class Stage {
  ledger = new Ledger();
  /** Numbers for what must not be named twice, such as a lock. */
  count = 0;

  constructor(library, database, factory, tenants, { servers, isPlaced, isolation, statementTimeout }) {
    Object.assign(this, { database, factory, servers, isPlaced, isolation, statementTimeout });
    this.tenants = new Map(tenants.map((tenant) => [tenant.id, library.defineTenant(tenant)]));
    const nothing = { get: async () => undefined, set: async () => undefined, del: async () => true };
    const service = new library.TenantService(new library.InMemoryTenantStore(tenants), nothing);
    this.context = new library.TenantContext(service);
    this.sessions = new library.TenantDatabase(factory.dataSource, (id) => service.getTenant(id), factory.outside);
  }

  /** The same object each time, as a cache of tenants hands it out. */
  tenantOf(who) {
    return this.tenants.get(who);
  }

  /** Runs work as an owner, in one of the ways of `ENTRANCES`, with the DataSource that goes with it. */
  async enter({ who, by, other }, work) {
    if (who === 'system') return SYSTEM_ENTRANCES[by](this, work, other);
    return TENANT_ENTRANCES[by](this, who, work, other);
  }

  /** Runs work in an owner's scope. */
  within(who, work) {
    return who === 'system' ? this.context.runAsSystem(work) : this.context.run(this.tenantOf(who), work);
  }

  /** Who the running code is. */
  get current() {
    return this.context.isSystem ? 'system' : this.context.tenantId;
  }

  /** Whether an owner's statements run as a role of its own. */
  hasRole(who) {
    return this.isolation === 'role' && who !== 'system';
  }

  /** The database role that an owner's statements run as, on a server. */
  roleOf(who, server) {
    const database = this.database.databases[server];
    return this.hasRole(who) ? tenantRole(OWNERS[who].schema, database) : this.database.databases.default;
  }

  /** A way to write; where the tenant has a role, a DO is refused. */
  writer(who, how) {
    return WRITERS[this.hasRole(who) && how === 'a DO block' ? 'raw query' : how];
  }

  next() {
    this.count += 1;
    return this.count;
  }
}

/** Opens what a service opens at its start. */
export async function openStage(library, database, { isPlaced, shared, cached, perTenant, ...options }) {
  const tenants = Object.values({ ...OWNERS, ...HOMELESS })
    .filter(({ id }) => id !== 'system')
    .map((tenant) => (homeOf(tenant.id, isPlaced) === 'default' ? tenant : { ...tenant, database: 'eu' }));
  const common = {
    ...options,
    entities: ENTITIES,
    cache: cached ? { provider: () => new MemoryCache() } : undefined,
    sharedSchemas: shared ? ['shared'] : [],
    // Whoever waits for his share gets it: a refusal is not what is proven here.
    ...(perTenant ? { maxConnectionsPerTenant: perTenant, maxConnectionWait: 60_000 } : {}),
  };
  const one = { ...common, url: database.urls.default };
  const factory = new library.TenantDataSourceFactory(
    isPlaced ? { default: one, eu: { url: database.urls.eu } } : one,
    async (id) => library.defineTenant(tenants.find((tenant) => tenant.id === id)),
  );
  await factory.initialize();
  const servers = isPlaced ? SERVERS : ['default'];
  return new Stage(library, database, factory, tenants, { servers, isPlaced, ...options });
}

const TENANT_ENTRANCES = {
  tenant: (stage, who, work) => stage.context.run(stage.tenantOf(who), () => work(stage.factory.dataSource)),
  copy: (stage, who, work) => stage.context.run({ ...stage.tenantOf(who) }, () => work(stage.factory.dataSource)),
  id: (stage, who, work) => stage.context.run(who, () => work(stage.factory.dataSource)),
  view: (stage, who, work) => work(stage.factory.forTenant(stage.tenantOf(who))),
  'view of an id': (stage, who, work) => work(stage.factory.forTenant(who)),
  'view within another scope': (stage, who, work, other) =>
    stage.within(other, () => work(stage.factory.forTenant(stage.tenantOf(who)))),
};

const asSystem = (stage, work) => stage.context.runAsSystem(() => work(stage.factory.dataSource));
const bySystemView = (stage, work) => work(stage.factory.system);

const SYSTEM_ENTRANCES = {
  tenant: asSystem,
  copy: asSystem,
  id: asSystem,
  view: bySystemView,
  'view of an id': bySystemView,
  'view within another scope': (stage, work, other) => stage.within(other, () => work(stage.factory.system)),
};

/** How work comes to run as its owner. In the scope, or by a view whatever the scope. */
export const SCOPES = ['tenant', 'copy', 'id'];
export const ENTRANCES = Object.keys(TENANT_ENTRANCES);

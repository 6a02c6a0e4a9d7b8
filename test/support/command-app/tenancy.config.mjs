import { defineTenancyConfig, InMemoryTenantStore, TypeOrmTenantStore } from 'nestjs-tenancy';

/** The application of the command's tests: what it has is said by its environment. */
const { DATABASE_URL, DATABASE_URL_EU, TENANTS, MIGRATIONS = '1', HAS_DATABASE = 'yes', PLACES } = process.env;

class CreateBooks1760000000000 {
  async up(runner) {
    console.log('A migration that prints.');
    await runner.query('CREATE TABLE books (id integer PRIMARY KEY, title text NOT NULL)');
  }
  async down(runner) {
    await runner.query('DROP TABLE books');
  }
}

class UniqueTitles1760000000001 {
  async up(runner) {
    await runner.query('ALTER TABLE books ADD CONSTRAINT unique_titles UNIQUE (title)');
  }
  async down(runner) {
    await runner.query('ALTER TABLE books DROP CONSTRAINT unique_titles');
  }
}

/** Waits for whoever holds the lock. */
class WaitForTheTest1760000000002 {
  async up(runner) {
    await runner.query('SELECT pg_catalog.pg_advisory_xact_lock_shared(4711)');
    await runner.query('CREATE TABLE waited (id integer)');
  }
  async down(runner) {
    await runner.query('DROP TABLE waited');
  }
}

/** A store that can say where a tenant is from now on. */
class PlacedTenants {
  constructor(system) {
    this.system = system;
    this.tenants = new TypeOrmTenantStore(system);
  }
  findById(id) {
    return this.tenants.findById(id);
  }
  list(page) {
    return this.tenants.list(page);
  }
  async placeTenant(id, { database }) {
    await this.system.query('UPDATE public.tenants SET database = $2 WHERE id = $1', [id, database]);
    return this.findById(id);
  }
}

const storeOf = ({ system }) => (PLACES ? new PlacedTenants(system) : new TypeOrmTenantStore(system));
const migrations = [CreateBooks1760000000000, UniqueTitles1760000000001, WaitForTheTest1760000000002];
const main = { url: DATABASE_URL, migrations: migrations.slice(0, Number(MIGRATIONS)) };

export default defineTenancyConfig(() => ({
  store: TENANTS ? new InMemoryTenantStore(JSON.parse(TENANTS)) : storeOf,
  config: {
    keys: { 'smtp.login': { secret: true }, 'email.from': {} },
    encryption: { keys: [{ id: 'test', key: Buffer.alloc(32, 'test').toString('base64') }] },
  },
  ...(HAS_DATABASE === 'yes' && {
    database: DATABASE_URL_EU ? { default: main, eu: { url: DATABASE_URL_EU } } : main,
  }),
}));

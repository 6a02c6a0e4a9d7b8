import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../../../../test/support/tenant-fleet.js';
import { migration, tenantInits, useFleets } from '../../../../test/support/tenant-fleet.js';
import { useTestDatabase } from '../../../../test/support/test-database.js';

const CreateNotes = migration('CreateNotes1700000000001', ['CREATE TABLE notes (id serial PRIMARY KEY)']);

const [main, eu] = [useTestDatabase(), useTestDatabase()];
const start = useFleets();
let fleet: Fleet;

beforeEach(async () => {
  for (const { query, appRole } of [main, eu]) await query(`ALTER ROLE ${appRole} CREATEROLE NOINHERIT`);
  fleet = await start(tenantInits(2), {
    default: { url: main.appUrl, migrations: [CreateNotes], isolation: 'role' },
    eu: { url: eu.appUrl },
  });
  for (const tenant of fleet.tenants) await fleet.schemas.create(tenant);
});
afterEach(async () => {
  for (const { query } of [main, eu]) await query('DROP SCHEMA IF EXISTS t_acme, t_globex CASCADE');
});

const left = async () => {
  const all = [main, eu].map(({ query }) =>
    query<{ name: string }>(`
      SELECT nspname::text AS name FROM pg_namespace WHERE nspname LIKE 't\\_%'
      UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE 't\\_%@' || current_database() ORDER BY 1`),
  );
  return (await Promise.all(all)).map((rows) => rows.map(({ name }) => name.split('@')[0]));
};

describe('a tenant that is erased', () => {
  it('leaves neither schema nor role on any server, though a move of it was not confirmed', async () => {
    await fleet.moves.move('acme', { to: 'eu' });
    expect(await left()).toEqual([
      ['t_acme', 't_acme', 't_globex', 't_globex'],
      ['t_acme', 't_acme'],
    ]);

    const acme = (await fleet.store.findById('acme'))!;
    expect(await fleet.erasure.erase(acme)).toEqual([
      { database: 'default', schema: true },
      { database: 'eu', schema: true },
    ]);
    expect(await left()).toEqual([['t_globex', 't_globex'], []]);
    expect(await fleet.erasure.erase(acme)).toEqual([
      { database: 'default', schema: false },
      { database: 'eu', schema: false },
    ]);
  });

  it('takes nothing of another tenant along whose schema has the same name on another server', async () => {
    const namesake = fleet.store.save({ id: 'initech', schema: 't_acme', database: 'eu' });
    await fleet.schemas.create(namesake);

    await fleet.erasure.erase((await fleet.store.findById('acme'))!);
    expect(await left()).toEqual([
      ['t_globex', 't_globex'],
      ['t_acme', 't_acme'],
    ]);
    expect(await fleet.erasure.erase(namesake)).toContainEqual({ database: 'eu', schema: true });
  });
});

import { EventEmitter } from 'node:events';
import { beforeAll, describe, expect, it } from 'vitest';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
import { runInScope } from '../../context/tenancy-scope.js';
import { IsolationViolationError } from '../../tenancy.errors.js';
import { defineTenant } from '../../tenants/tenant.js';
import { TenantPool } from '../pool/tenant-pool.js';
import type { PgConnection } from './pg-internals.js';
import { SearchPathReports } from './search-path-reports.js';
import { TenantBindings } from './tenant-binding.js';

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const asAcme = <T>(work: () => T): T => runInScope({ tenant: acme }, work);

describe('a server that reports its search_path', () => {
  /** What is found to contradict, when the server says these things. */
  function contradictions(...said: Array<{ path: string } | { ready: 'I' | 'T' | 'E' }>): string[] {
    const connection = new EventEmitter();
    const found: string[] = [];
    const reports = new SearchPathReports(connection as unknown as PgConnection, ({ reported }) =>
      found.push(reported),
    );
    reports.expected = '"t_acme", pg_temp';
    for (const one of [{ path: '""' }, { ready: 'I' as const }, ...said]) {
      if ('path' in one) {
        connection.emit('parameterStatus', { parameterName: 'search_path', parameterValue: one.path });
      } else connection.emit('readyForQuery', { status: one.ready });
    }
    return found;
  }

  it('agrees in a transaction of the tenant, after it, and after one that failed', () => {
    expect(contradictions({ path: '"t_acme", pg_temp' }, { ready: 'T' }, { path: '""' }, { ready: 'I' })).toEqual([]);
    expect(contradictions({ path: 't_acme, pg_temp' }, { ready: 'T' }, { path: '""' }, { ready: 'E' })).toEqual([]);
  });

  it('contradicts with another path in the transaction, and with any that is left after it', () => {
    expect(contradictions({ path: '"t_globex", pg_temp' }, { ready: 'T' })).toEqual(['"t_globex", pg_temp']);
    expect(contradictions({ path: '"t_acme", pg_temp' }, { ready: 'I' })).toEqual(['"t_acme", pg_temp']);
  });
});

describe('a statement that changes the search_path from inside', () => {
  const database = useTestDatabase();
  let reports = false;

  beforeAll(async () => {
    const [{ version }] = await database.query<{ version: number }>(
      "SELECT current_setting('server_version_num')::int AS version",
    );
    reports = version >= 180_000;
    await database.query(`CREATE SCHEMA t_acme AUTHORIZATION ${database.appRole}`);
    // Nothing in its call tells what it does.
    await database.query(`CREATE FUNCTION t_acme.wander() RETURNS void LANGUAGE plpgsql AS
      $$ BEGIN PERFORM set_config('search_path', 'public', true); END $$`);
  });

  it('ends its connection, and is told to whoever asked and to the application, where the server reports it', async () => {
    const told: IsolationViolationError[] = [];
    const pool = new TenantPool({
      connectionString: database.appUrl,
      max: 1,
      bindings: new TenantBindings(),
      onViolation: (violation) => told.push(violation),
    });
    const client = await asAcme(() => pool.connect());
    await asAcme(() => client.query('BEGIN'));
    const asked = asAcme(() => client.query('SELECT wander()'));
    if (reports) {
      await expect(asked).rejects.toThrow(IsolationViolationError);
      await expect(asAcme(() => client.query('SELECT 1'))).rejects.toThrow(IsolationViolationError);
      expect(told).toEqual([expect.objectContaining({ reported: 'public', expected: '"t_acme", pg_temp' })]);
    } else await asked;
    client.release();
    // Within a transaction or contradicted: either way nobody else is given it.
    expect(pool.idleCount).toBe(0);
    await pool.end();
  });
});

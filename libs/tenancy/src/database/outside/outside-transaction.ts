import pg from 'pg';
import type { TenancyScope } from '../../context/tenancy-scope.js';
import { currentScope, runInScope } from '../../context/tenancy-scope.js';
import { TenantMismatchError, UnsupportedStatementError } from '../../tenancy.errors.js';
import type { Tenant } from '../../tenants/tenant.js';
import { roleEscapeOf } from '../binding/role-escape.js';
import type { TenantBinding, TenantBindings } from '../binding/tenant-binding.js';
import { DedicatedConnection } from './dedicated-connection.js';
import type { PlainQuery, PlainQueryRunner } from './plain-query.js';

/**
 * Runs statements that PostgreSQL does not run in a transaction, each work over a connection of its own that is the
 * tenant's from its first byte to its last. One at a time on each database server: the next one waits.
 */
export class OutsideTransaction implements PlainQueryRunner {
  private readonly turns = new Map<string, Promise<unknown>>();
  /** The servers that the works of a scope have taken: another one within them would wait for itself. */
  private readonly taken = new WeakMap<TenancyScope, ReadonlySet<string>>();

  constructor(
    private readonly bindings: TenantBindings,
    private readonly optionsOf: (server: string) => pg.ClientConfig,
  ) {}

  async run<T>(tenant: Tenant | undefined, work: (query: PlainQuery) => Promise<T>): Promise<T> {
    return this.runIn(tenant ? { tenant } : { ...currentScope() }, work);
  }

  async runAsOwner<T>(tenant: Tenant, work: (query: PlainQuery) => Promise<T>): Promise<T> {
    return this.runIn({ tenant, owner: true }, work);
  }

  private async runIn<T>(scope: TenancyScope, work: (query: PlainQuery) => Promise<T>): Promise<T> {
    const outer = currentScope();
    const binding = this.bindings.of(scope);
    const { server } = binding;
    const taken = (outer && this.taken.get(outer)) ?? new Set();
    if (taken.has(server)) {
      throw new UnsupportedStatementError(
        'outsideTransaction() within outsideTransaction() would wait for itself. Use the query that the work was given.',
      );
    }
    this.taken.set(scope, new Set([...taken, server]));
    const before = this.turns.get(server) ?? Promise.resolve();
    const turn = before.then(() => runInScope(scope, () => this.connected(binding, work)));
    this.turns.set(
      server,
      turn.catch(() => undefined),
    );
    return turn;
  }

  private async connected<T>(binding: TenantBinding, work: (query: PlainQuery) => Promise<T>): Promise<T> {
    const connection = new DedicatedConnection(this.optionsOf(binding.server), binding.settings);
    try {
      await connection.open();
      const result = await work(async <Row extends pg.QueryResultRow>(sql: string, values?: unknown[]) => {
        const current = this.bindings.of(currentScope());
        if (current.key !== binding.key) throw new TenantMismatchError(binding.key, current.key);
        const escape = binding.keepsRole ? roleEscapeOf(sql) : undefined;
        if (escape !== undefined) throw new UnsupportedStatementError(escape);
        return connection.query<Row>(sql, values);
      });
      connection.assertNoTransaction();
      return result;
    } finally {
      await connection.close();
    }
  }
}

import type { QueryRunner } from 'typeorm';
import { tenantRoleName } from '../../tenants/tenant-role.js';
import type { Tenant } from '../../tenants/tenant.js';
import { groundOf } from '../role-ground.js';
import type { SchemaGrants } from '../schema-grants.js';
import type { FoundSchema } from './executed-migrations.js';
import { groupBy, placeOf, serverOf } from './fleet.js';
import type { KnownMigrations } from './known-migrations.js';
import { problemOf } from './report-of.js';
import { runBounded } from './run-bounded.js';
import { differencesOf } from './schema-differences.js';
import type { SchemaLine } from './schema-lines.js';
import { SCHEMA_HASHES, SCHEMA_LINES } from './schema-lines.js';
import type { Shadow, ShadowSchemas } from './shadow-schema.js';
import type { TenantDrift } from './tenant-migrations-report.js';

const LOCK_TIMEOUT = 5_000;
/** So many statements at once, each about so many schemas at least. */
const PARTS = 4;
const SMALLEST_PART = 50;
/** What it looks at may be changed while it does. */
const ATTEMPTS = 3;
const LOOKUP_FAILED = ['XX000', '42P01', '42704', '42883'];

/** Compares schemas of tenants with schemas of no tenant in which the same migrations ran. */
export class DriftSearch {
  constructor(
    private readonly shadows: ShadowSchemas,
    private readonly known: KnownMigrations,
    private readonly grants: SchemaGrants,
  ) {}

  async compare(found: readonly FoundSchema[]): Promise<TenantDrift[]> {
    const drifts = new Map<Tenant, TenantDrift>();
    const comparable: FoundSchema[] = [];
    for (const one of found) {
      const state = one.fault ?? (this.known.unknown(one.executed).length > 0 ? 'unknown' : undefined);
      if (state) drifts.set(one.tenant, { ...driftOf(one, state), ...errorOf(one.tenant, one.error) });
      else comparable.push(one);
    }
    const servers = groupBy(comparable, ({ tenant }) => serverOf(tenant));
    const compared = await Promise.all([...servers].map(([server, all]) => this.compareServer(server, all)));
    for (const [tenant, drift] of compared.flat()) drifts.set(tenant, drift);
    return found.map(({ tenant }) => drifts.get(tenant)!);
  }

  private async compareServer(server: string, all: readonly FoundSchema[]): Promise<Array<[Tenant, TenantDrift]>> {
    const drifts: Array<[Tenant, TenantDrift]> = [];
    for (const group of groupBy(all, ({ executed }) => executed.join('\n')).values()) {
      try {
        drifts.push(...(await this.compareGroup(server, group)));
      } catch (error) {
        drifts.push(
          ...group.map((one): [Tenant, TenantDrift] => [
            one.tenant,
            { ...driftOf(one, 'unreadable'), ...errorOf(one.tenant, error) },
          ]),
        );
      }
    }
    return drifts;
  }

  private async compareGroup(
    server: string,
    group: readonly FoundSchema[],
    attempt = 1,
  ): Promise<Array<[Tenant, TenantDrift]>> {
    try {
      // Before the shadow takes a connection: a pool may have only one.
      const hashes = await this.hashesOf(server, group);
      return await this.shadows.within(server, LOCK_TIMEOUT, (shadow) => this.compareWith(shadow, group, hashes));
    } catch (error) {
      if (attempt === ATTEMPTS || !LOOKUP_FAILED.includes((error as { code?: string }).code ?? '')) throw error;
      return this.compareGroup(server, group, attempt + 1);
    }
  }

  /** On several connections, each of which is a process of the server's. */
  private async hashesOf(server: string, group: readonly FoundSchema[]): Promise<ReadonlyMap<string, string>> {
    const size = Math.max(SMALLEST_PART, Math.ceil(group.length / PARTS));
    const parts = Array.from({ length: Math.ceil(group.length / size) }, (_, at) =>
      group.slice(at * size, (at + 1) * size).map(({ tenant }) => tenant),
    );
    const hashes = new Map<string, string>();
    await runBounded(
      parts,
      PARTS,
      () => false,
      async (tenants) => {
        const found = await this.shadows.outside(server, (runner) => ask<SchemaHash>(SCHEMA_HASHES, tenants, runner));
        for (const { schema, hash } of found) hashes.set(schema, hash);
      },
    );
    return hashes;
  }

  /** In the transaction of the shadow, which is the only one that sees it. */
  private async compareWith(
    shadow: Shadow,
    group: readonly FoundSchema[],
    hashes: ReadonlyMap<string, string>,
  ): Promise<Array<[Tenant, TenantDrift]>> {
    await shadow.migrate(group[0].executed.map((name) => this.known.get(name)!.instance));
    await this.grants.provide(shadow.tenant, shadow.runner);
    const [expectedHash] = await ask<SchemaHash>(SCHEMA_HASHES, [shadow.tenant], shadow.runner);
    const other = group.filter(({ tenant }) => hashes.get(tenant.schema) !== expectedHash.hash);
    const tenants = [shadow.tenant, ...other.map(({ tenant }) => tenant)];
    const all = other.length > 0 ? await ask<SchemaLine>(SCHEMA_LINES, tenants, shadow.runner) : [];
    const lines = groupBy(all, ({ schema }) => schema);
    const expected = lines.get(shadow.tenant.schema) ?? [];
    return group.map((one) => {
      if (!other.includes(one)) return [one.tenant, driftOf(one, 'same')];
      const differences = differencesOf(expected, lines.get(one.tenant.schema) ?? []);
      return [one.tenant, { ...driftOf(one, differences.length > 0 ? 'different' : 'same'), differences }];
    });
  }
}

interface SchemaHash {
  readonly schema: string;
  readonly hash: string;
}

/** The same of each of some schemas, with the names of their roles. */
async function ask<Row>(sql: string, tenants: readonly Tenant[], runner: QueryRunner): Promise<Row[]> {
  const { database } = await groundOf(runner);
  const schemas = tenants.map(({ schema }) => schema);
  const roles = schemas.map((schema) => tenantRoleName(schema, database));
  return runner.manager.query<Row[]>(sql, [schemas, roles]);
}

function driftOf({ tenant, executed }: FoundSchema, state: TenantDrift['state']): TenantDrift {
  return { ...placeOf(tenant), state, version: executed.at(-1), differences: [] };
}

function errorOf(tenant: Tenant, error: unknown): Pick<TenantDrift, 'error'> {
  return error === undefined ? {} : { error: problemOf(tenant, error) };
}

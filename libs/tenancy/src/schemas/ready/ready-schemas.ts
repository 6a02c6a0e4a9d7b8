import { Logger } from '@nestjs/common';
import pg from 'pg';
import type { Observable } from 'rxjs';
import { Subject } from 'rxjs';
import type { DataSource, QueryRunner } from 'typeorm';
import { TenancyOptionsError, TenantSchemaError } from '../../tenancy.errors.js';
import { randomSchemaName } from '../../tenants/schema-name.js';
import { tenantSchemaMark } from '../../tenants/tenant-role.js';
import type { Tenant, TenantInit } from '../../tenants/tenant.js';
import { defineTenant, nobodyYet } from '../../tenants/tenant.js';
import { serverOf } from '../migrations/fleet.js';
import { KnownMigrations } from '../migrations/known-migrations.js';
import { transaction } from '../migrations/locked-transaction.js';
import type { SchemaGrants } from '../schema-grants.js';
import { lockSchema, tryLockFirst } from '../schema-lock.js';
import { SchemaMaker } from '../schema-maker.js';
import type { TenantSchemaService } from '../tenant-schema.service.js';
import { findReady, isReady, MARKED, READY_MARK } from './ready-list.js';
import type {
  ReadySchemasRefillOptions,
  ReadySchemasRefillReport,
  ReadySchemasPlace,
  ReadySchemasStatus,
} from './ready-schemas-options.js';

export interface ReadySchemasParts {
  readonly dataSource: DataSource;
  /** Works in a schema as the owner of what is in it. */
  readonly forOwner: (tenant: Tenant) => DataSource;
  /** Works on a named database server as the system. */
  readonly systemOf: (server: string) => DataSource;
  readonly schemas: TenantSchemaService;
  readonly grants: SchemaGrants;
}

const LOCK_TIMEOUT = 5_000;
const DEFAULT = 'default';
/** Whoever makes one holds this lock: several at once never make more than were asked for. */
const MAKING = 'tenancy ready schemas';

/**
 * Schemas that are made before anybody needs them, so that a new tenant has not to wait for its migrations. The database keeps
 * whose they are: nobody's yet, and closed to all but their owner, or a tenant's.
 *
 * @example
 * await ready.refill({ count: 5 });
 * const { schema } = await ready.claim({ id: 'acme', schema: generateSchemaName('acme') });
 */
export class ReadySchemas {
  /** Emits the name of a database server where a tenant was given a schema, be it a ready one: time to fill the pool there. */
  readonly claimed: Observable<string>;
  private readonly claims = new Subject<string>();
  private readonly logger = new Logger('TenancyModule');
  private readonly maker: SchemaMaker;

  constructor(private readonly parts: ReadySchemasParts) {
    this.maker = new SchemaMaker(parts.dataSource, parts.grants);
    this.claimed = this.claims.asObservable();
  }

  /**
   * Drops what lacks migrations, and makes new ones until there are as many as are asked for. Each is one transaction: what is
   * interrupted leaves nothing. Safe to be done by several at once, and to be repeated.
   */
  async refill({ count, database = DEFAULT, signal }: ReadySchemasRefillOptions): Promise<ReadySchemasRefillReport> {
    if (!Number.isInteger(count) || count < 0) {
      throw new TenancyOptionsError(`count is ${String(count)}; it must be a whole number from 0.`);
    }
    const discarded: string[] = [];
    for (const { tenant, state } of await this.find(database)) {
      if (signal?.aborted) break;
      if (state === 'behind' && (await this.discard(tenant))) discarded.push(tenant.schema);
    }
    let made = 0;
    while (await this.makesOne(count, database, signal)) made += 1;
    return { made, discarded };
  }

  /**
   * Gives a tenant a schema: a ready one of its database server or, where there is none, one that is made now by the name that
   * the tenant has. Returns the tenant with the schema that is its own from now on, which is the caller's to keep. Of a tenant
   * whose schema is there already, that one is kept and brought up to date.
   */
  async claim(init: TenantInit): Promise<Tenant> {
    const tenant = defineTenant(init);
    const schema = await this.take(tenant).catch((error: unknown) => {
      // Nobody has to wait for the pool to be mended: what is wrong with more than that, the ordinary way says.
      this.logger.warn(`No ready schema for tenant ${tenant.id}, which gets a new one: ${String(error)}`);
      return undefined;
    });
    if (schema === undefined) await this.parts.schemas.create(tenant);
    this.claims.next(serverOf(tenant));
    return schema === undefined ? tenant : defineTenant({ ...tenant, schema });
  }

  /** What is there on a database server. */
  async status({ database = DEFAULT }: ReadySchemasPlace = {}): Promise<ReadySchemasStatus> {
    const schemas = (await this.find(database)).map(({ tenant, state }) => ({ schema: tenant.schema, state }));
    return { database, ready: schemas.filter(({ state }) => state === 'ready').length, schemas };
  }

  private find(database: string): ReturnType<typeof findReady> {
    return findReady(this.parts.systemOf(database), database, this.known);
  }

  private async makesOne(count: number, database: string, signal: AbortSignal | undefined): Promise<boolean> {
    if (signal?.aborted) return false;
    const tenant = nobodyYet(randomSchemaName(), database);
    return transaction(this.parts.forOwner(tenant), LOCK_TIMEOUT, async (runner) => {
      await runner.query('SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))', [MAKING]);
      const there = await runner.manager.query<object[]>(MARKED, [READY_MARK]);
      if (there.length >= count) return false;
      await lockSchema(tenant.schema, runner);
      await this.maker.create(tenant, runner);
      return true;
    });
  }

  private async discard(tenant: Tenant): Promise<boolean> {
    try {
      await this.parts.schemas.drop(tenant);
      return true;
    } catch (error) {
      // It was handed out meanwhile, by an instance of the version that it was made by.
      if (error instanceof TenantSchemaError) return false;
      throw error;
    }
  }

  private async take(tenant: Tenant): Promise<string | undefined> {
    return transaction(this.parts.systemOf(serverOf(tenant)), LOCK_TIMEOUT, async (runner) => {
      if (await isThere(tenant.schema, runner)) return undefined;
      const passed: string[] = [];
      for (;;) {
        const schema = await tryLockFirst(MARKED, READY_MARK, passed, runner);
        if (schema === undefined) return undefined;
        const ready = nobodyYet(schema, tenant.database);
        if (await isReady(ready, this.known, runner)) {
          await this.hand(ready, defineTenant({ ...tenant, schema }), runner);
          return schema;
        }
        passed.push(schema);
      }
    });
  }

  private async hand(ready: Tenant, tenant: Tenant, runner: QueryRunner): Promise<void> {
    const mark = pg.escapeLiteral(tenantSchemaMark(tenant.id));
    await runner.query(`COMMENT ON SCHEMA ${pg.escapeIdentifier(tenant.schema)} IS ${mark}`);
    await this.parts.grants.hand(ready, tenant, runner);
  }

  private get known(): KnownMigrations {
    return new KnownMigrations(this.parts.dataSource);
  }
}

async function isThere(schema: string, runner: QueryRunner): Promise<boolean> {
  const found = await runner.manager.query<object[]>('SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1', [
    schema,
  ]);
  return found.length > 0;
}

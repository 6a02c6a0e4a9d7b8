import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import type { Shadow } from './shadow-schema.js';

/** What a migration sent. */
export interface Recorded {
  readonly name: string;
  readonly sql: readonly string[];
}

/** Thrown where what a migration does cannot be known from what it sends. */
export class NotReplayable extends Error {
  constructor(
    readonly migration: string,
    reason: string,
  ) {
    super(reason);
  }
}

type Query = (sql: string, values?: unknown[], structured?: boolean) => Promise<unknown>;

/**
 * Writes down what migrations send while they run in a shadow schema. Whatever else they learn from there ends it: what they
 * do next could be another thing for each tenant.
 */
export class Recorder {
  readonly recorded: Recorded[] = [];
  private current: { readonly name: string; readonly sql: string[] } | undefined;
  private refusal: NotReplayable | undefined;
  /** Statements that are not answered yet. */
  private waiting = 0;

  constructor({ view, runner }: Shadow) {
    this.watchQueries(runner);
    this.refuseUse(runner, ['enableSqlMemory', 'clearSqlMemory', 'getMemorySql', 'executeMemoryUpSql', 'stream']);
    this.refuseUse(view, ['createQueryRunner', 'synchronize']);
  }

  /** The same migration, written down while it runs. */
  record(name: string, instance: MigrationInterface): MigrationInterface {
    return {
      name,
      up: async (runner) => {
        this.current = { name, sql: [] };
        await instance.up(runner);
        if (this.waiting > 0) this.refuse('It does not wait for a statement.');
        if (this.refusal) throw this.refusal;
        this.recorded.push(this.current);
        this.current = undefined;
      },
      down: async () => undefined,
    };
  }

  private refuse(reason: string): void {
    if (this.current) this.refusal ??= new NotReplayable(this.current.name, reason);
  }

  private watchQueries(runner: QueryRunner): void {
    const query = runner.query.bind(runner) as Query;
    const connect = runner.connect.bind(runner);
    let within = 0;
    Object.assign(runner, {
      query: async (sql: string, values?: unknown[], structured?: boolean) => {
        if (!this.current) return query(sql, values, structured);
        // Two at once could arrive in another order the next time.
        if (this.waiting > 0) this.refuse('It sends a statement before the one before is answered.');
        if (values && values.length > 0) this.refuse('It sends parameters.');
        this.current.sql.push(sql);
        this.waiting += 1;
        try {
          within += 1;
          const answer = query(sql, values, structured);
          within -= 1;
          return this.watched(await answer);
        } catch (error) {
          this.refuse('One of its statements fails.');
          throw error;
        } finally {
          this.waiting -= 1;
        }
      },
      connect: () => {
        // TypeORM's own query() asks for it too, at once.
        if (within === 0) this.refuse('It uses the connection itself.');
        return connect();
      },
    });
  }

  private refuseUse(target: QueryRunner | DataSource, names: readonly string[]): void {
    for (const name of names) {
      const method = (target as unknown as Record<string, (...args: unknown[]) => unknown>)[name];
      Object.defineProperty(target, name, {
        configurable: true,
        value: (...args: unknown[]) => {
          if (!this.current) return method.apply(target, args);
          this.refuse(`It uses ${name}().`);
          // A second connection does not see what was made in this transaction, and might wait for its end.
          throw this.refusal;
        },
      });
    }
  }

  /** An answer that tells when anything of it is looked at. `then` is what `await` asks everything for. */
  private watched(answer: unknown): unknown {
    if (typeof answer !== 'object' || answer === null) return answer;
    const seen = () => this.refuse('It looks at what a statement answers.');
    return new Proxy(answer, {
      get: (target, property) => {
        if (property !== 'then') seen();
        return Reflect.get(target, property, target);
      },
      has: (target, property) => (seen(), Reflect.has(target, property)),
      ownKeys: (target) => (seen(), Reflect.ownKeys(target)),
      getOwnPropertyDescriptor: (target, property) => (seen(), Reflect.getOwnPropertyDescriptor(target, property)),
    });
  }
}

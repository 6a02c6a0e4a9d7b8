import type { KnownMigration, KnownMigrations } from './known-migrations.js';
import type { Outline } from './plain-sql.js';
import { notPlain } from './plain-sql.js';
import type { Recorded } from './recorder.js';
import { NotReplayable, Recorder } from './recorder.js';
import type { RunSettings } from './ordinary-run.js';
import type { ShadowSchemas } from './shadow-schema.js';

/** Finds out what SQL migrations send. */
export class Recording {
  constructor(
    private readonly shadows: ShadowSchemas,
    private readonly known: KnownMigrations,
    private readonly outline: Outline,
  ) {}

  /**
   * What the pending migrations of schemas send in which the others ran. Throws `NotReplayable` where that may be another
   * thing in another schema. They run twice, in two schemas: what has the schema's name in it, or an id or a time, differs.
   */
  async of(server: string, executed: readonly string[], settings: RunSettings): Promise<readonly Recorded[]> {
    const pending = this.known.pending(executed);
    this.assertRecordable(executed, pending, settings);
    const first = await this.once(server, executed, pending, settings);
    const second = await this.once(server, executed, pending, settings);
    for (const [at, { name, sql }] of first.entries()) {
      if (JSON.stringify(sql) !== JSON.stringify(second[at]?.sql)) {
        throw new NotReplayable(name, 'It sends other SQL in another schema, or the next time.');
      }
      for (const text of sql) {
        const reason = notPlain(text, this.outline);
        if (reason !== undefined) throw new NotReplayable(name, reason);
      }
    }
    return first;
  }

  private assertRecordable(
    executed: readonly string[],
    pending: readonly KnownMigration[],
    { transaction }: RunSettings,
  ): void {
    const [unknown] = this.known.unknown(executed);
    if (unknown !== undefined) throw new NotReplayable(unknown, 'It ran, and this application does not have it.');
    for (const { name, instance } of pending) {
      if (transaction === 'none' || instance.transaction !== undefined) {
        throw new NotReplayable(name, 'It says for itself whether it runs in a transaction.');
      }
    }
  }

  private async once(
    server: string,
    executed: readonly string[],
    pending: readonly KnownMigration[],
    { lockTimeout }: RunSettings,
  ): Promise<Recorded[]> {
    return this.shadows.within(server, lockTimeout, async (shadow) => {
      const done = executed.map((name) => this.known.get(name)!.instance);
      await shadow.migrate(done);
      const recorder = new Recorder(shadow);
      await shadow.migrate([...done, ...pending.map(({ name, instance }) => recorder.record(name, instance))]);
      if (recorder.recorded.some(({ sql }) => sql.some((text) => text.includes(shadow.tenant.schema)))) {
        throw new NotReplayable(pending[0].name, 'Its SQL has the name of the schema.');
      }
      return recorder.recorded;
    });
  }
}

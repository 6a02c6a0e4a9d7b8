import type { DataSource } from 'typeorm';
import type { Tenant } from '../../tenants/tenant.js';
import type { RoleGround } from '../role-ground.js';
import { groundOf } from '../role-ground.js';
import type { FoundSchema } from './executed-migrations.js';
import type { AtWork } from './failed-migration.js';
import { groupBy, serverOf } from './fleet.js';
import type { Done } from './fleet-run.js';
import type { OrdinaryRun, RunSettings } from './ordinary-run.js';
import type { Recorded } from './recorder.js';
import { NotReplayable } from './recorder.js';
import type { Recording } from './recording.js';
import type { Replay } from './replay.js';
import { storeWrites } from './stored-writes.js';

/** Recorded SQL, and what has to be known of the server to send it. */
interface Prepared {
  readonly recorded: readonly Recorded[];
  readonly ground: RoleGround;
}

/** For fewer tenants that stand alike, to record costs more than it saves. */
const WORTH_RECORDING = 4;

/** Migrates tenants, those that stand alike with SQL that is recorded once. */
export class MigrateFleet {
  readonly notReplayed = new Map<string, string>();
  private readonly found: ReadonlyMap<Tenant, FoundSchema>;
  private readonly alike: ReadonlyMap<string, readonly FoundSchema[]>;
  private readonly prepared = new Map<string, Promise<Prepared | undefined>>();
  /** The servers on which something was replayed. */
  private readonly written = new Set<string>();

  constructor(
    private readonly ordinary: OrdinaryRun,
    private readonly replay: Replay,
    private readonly recording: Recording | undefined,
    private readonly systemOf: (server: string) => DataSource,
    private readonly settings: RunSettings,
    todo: readonly FoundSchema[],
  ) {
    this.found = new Map(todo.map((one) => [one.tenant, one]));
    this.alike = groupBy(todo, standing);
  }

  async work(tenant: Tenant, at: AtWork, done: string[]): Promise<Done> {
    const found = this.found.get(tenant)!;
    if (await this.replayed(found, done)) return { outcome: 'migrated', replayed: true };
    await this.ordinary.migrate(tenant, [...found.executed, ...done], this.settings, at, done);
    return { outcome: done.length > 0 ? 'migrated' : 'current', replayed: false };
  }

  /** Waits until what was done is on disk. */
  async store(): Promise<void> {
    await Promise.all([...this.written].map((server) => storeWrites(this.systemOf(server))));
  }

  /** Tells whether all is done. Where the text fails its own part is undone, and the ordinary way says what is wrong. */
  private async replayed(found: FoundSchema, done: string[]): Promise<boolean> {
    const prepared = await this.preparedFor(found);
    if (!prepared) return false;
    this.written.add(serverOf(found.tenant));
    try {
      await this.replay.run(found.tenant, found.executed, prepared.recorded, prepared.ground, this.settings, done);
      return true;
    } catch {
      return false;
    }
  }

  private async preparedFor(found: FoundSchema): Promise<Prepared | undefined> {
    const key = standing(found);
    if (!this.recording || !found.hasTable || this.alike.get(key)!.length < WORTH_RECORDING) return undefined;
    const known = this.prepared.get(key);
    if (known) return known;
    const made = this.prepare(serverOf(found.tenant), found.executed, this.recording);
    this.prepared.set(key, made);
    return made;
  }

  private async prepare(
    server: string,
    executed: readonly string[],
    recording: Recording,
  ): Promise<Prepared | undefined> {
    try {
      const recorded = await recording.of(server, executed, this.settings);
      return { recorded, ground: await groundOfServer(this.systemOf(server)) };
    } catch (error) {
      const { message } = error as Error;
      this.notReplayed.set(error instanceof NotReplayable ? error.migration : 'all', message);
      return undefined;
    }
  }
}

async function groundOfServer(system: DataSource): Promise<RoleGround> {
  const runner = system.createQueryRunner();
  try {
    return await groundOf(runner);
  } finally {
    await runner.release();
  }
}

/** The same for tenants of one server in whose schemas the same migrations ran, in the same order. */
const standing = ({ tenant, executed, hasTable }: FoundSchema): string =>
  [serverOf(tenant), String(hasTable), ...executed].join('\n');

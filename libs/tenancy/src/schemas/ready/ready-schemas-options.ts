/** Which database server it is about. */
export interface ReadySchemasPlace {
  /** The name of a database server. @defaultValue `'default'` */
  readonly database?: string;
}

/** How many schemas are to be ready on a server for tenants to come. */
export interface ReadySchemasRefillOptions extends ReadySchemasPlace {
  /** So many are to be there. More than that are left. */
  readonly count: number;
  /** Ends it: the one that is being made is finished, no other begun. */
  readonly signal?: AbortSignal;
}

/** What a refill has made and thrown away. */
export interface ReadySchemasRefillReport {
  readonly made: number;
  /** Schemas that were dropped because they lacked migrations: nothing was in them. */
  readonly discarded: readonly string[];
}

/** The schemas of a server that are no tenant’s yet. */
export interface ReadySchemasStatus {
  readonly database: string;
  /** How many can be handed out. */
  readonly ready: number;
  readonly schemas: ReadonlyArray<{
    readonly schema: string;
    /**
     * `behind`: it lacks migrations; `refill()` drops it. `ahead`: it ran migrations that this application does not have; a newer
     * one made it. `unreadable`: what ran in it cannot be read. None of these is handed out.
     */
    readonly state: 'ready' | 'behind' | 'ahead' | 'unreadable';
  }>;
}

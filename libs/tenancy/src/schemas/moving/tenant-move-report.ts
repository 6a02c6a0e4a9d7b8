/** Where a tenant stands between two database servers. */
export interface TenantMoveStatus {
  readonly tenantId: string;
  readonly schema: string;
  /** The server that the registry says, where its statements go. */
  readonly database: string;
  /**
   * `settled`: no move is going on. `frozen`: it cannot be written, and is not whole on the other server yet. `copied`: it
   * cannot be written, all its rows are on the other server too, and the registry does not say so yet. `moved`: it works on
   * the other server, and its schema is kept where it was.
   */
  readonly state: 'settled' | 'frozen' | 'copied' | 'moved';
  /** The server it comes from, and the one it goes to, where a move is going on or is not confirmed. */
  readonly from?: string;
  readonly to?: string;
  /** When it was frozen, as ISO 8601. */
  readonly since?: string;
}

/** A table that was copied to the other server. */
export interface TenantMoveTable {
  readonly table: string;
  readonly rows: number;
  /** As PostgreSQL writes them for a copy. */
  readonly bytes: number;
}

/** What a move has come to. One that cannot be made throws `TenantMoveError`, and is undone. */
export interface TenantMoveReport {
  readonly tenantId: string;
  readonly schema: string;
  readonly from: string;
  readonly to: string;
  /**
   * `moved`: it works on the other server. `checked`: with `dryRun`, it could be moved. `resumed`: a move that was begun before
   * and had copied everything is finished; `settled`: one that had only to be told so.
   */
  readonly outcome: 'moved' | 'resumed' | 'settled' | 'checked';
  /** What was copied, by this run. */
  readonly tables: readonly TenantMoveTable[];
  readonly rows: number;
  readonly bytes: number;
  /** How long the whole took, in milliseconds. */
  readonly duration: number;
  /**
   * How long nobody could write, up to the moment in which the registry had it, in milliseconds. An instance that learns of it
   * later refuses writes for as much longer.
   */
  readonly refused: number;
}

/** How far a move is, in the order of its steps; `copied` comes once for each table. */
export type TenantMoveEvent =
  /** Nothing speaks against it. */
  | { readonly type: 'checked' }
  /** The schema is there on the other server, with nothing in it. */
  | { readonly type: 'prepared' }
  /** Nobody can write any more. */
  | { readonly type: 'frozen' }
  /** `done` of the `todo` tables are copied. */
  | { readonly type: 'copied'; readonly table: TenantMoveTable; readonly done: number; readonly todo: number }
  /** All rows are the same on both. */
  | { readonly type: 'compared' }
  /** The registry has it. */
  | { readonly type: 'placed' };

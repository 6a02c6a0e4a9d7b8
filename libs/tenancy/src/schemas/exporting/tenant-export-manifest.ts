import type { TableColumn } from '../contents/schema-contents.js';
import type { Tenant } from '../../tenants/tenant.js';

/** A table in an export. */
export interface ExportedTable {
  readonly table: string;
  /** The name of its file in the folder. */
  readonly file: string;
  readonly columns: readonly TableColumn[];
  readonly rows: number;
  readonly bytes: number;
  /** Of the file. */
  readonly sha256: string;
}

/** What an export says of itself: its `manifest.json`. */
export interface TenantExportManifest {
  readonly format: 'nestjs-tenancy/export';
  readonly version: 1;
  /** ISO 8601: all of it is as it was at this moment. */
  readonly exportedAt: string;
  /** What the registry knows, without secrets. */
  readonly tenant: Omit<Tenant, 'schema' | 'database'> & { readonly schema: string; readonly database: string };
  /** The settings that were left out, because they are secrets. */
  readonly withheld: readonly string[];
  /** Of PostgreSQL. */
  readonly serverVersion: string;
  /** Names of the migrations that ran, the first one first. */
  readonly migrations: readonly string[];
  readonly tables: readonly ExportedTable[];
  readonly sequences: ReadonlyArray<{ readonly sequence: string; readonly value: string; readonly isCalled: boolean }>;
}

/** Settings without those that are secrets, and the keys of these. */
export interface PublicConfig {
  readonly config: Readonly<Record<string, unknown>>;
  readonly withheld: readonly string[];
}

/** What an export is told: where to, and who hears how far it is. */
export interface TenantExportOptions {
  /** Where to: a folder that is not there yet. */
  readonly folder: string;
  /** Ends the export; nothing of it is left. */
  readonly signal?: AbortSignal;
  /** Is told how far it is. */
  readonly onEvent?: (event: TenantExportEvent) => void;
}

/** How far an export is: once `started`, then `exported` for each table. */
export type TenantExportEvent =
  | { readonly type: 'started'; readonly tables: number }
  /** `done` of the `todo` tables are written. */
  | { readonly type: 'exported'; readonly table: ExportedTable; readonly done: number; readonly todo: number };

/** What an export has written: the folder, and how much is in it. */
export interface TenantExportReport {
  /** The folder, as an absolute path. */
  readonly folder: string;
  readonly manifest: TenantExportManifest;
  readonly rows: number;
  readonly bytes: number;
  /** In milliseconds. */
  readonly duration: number;
}

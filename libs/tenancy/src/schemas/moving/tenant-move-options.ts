import { TenancyOptionsError } from '../../tenancy.errors.js';
import type { TenantMoveEvent } from './tenant-move-report.js';

/** What `TenantMoves.move()` is told. Only `to` has no default. */
export interface TenantMoveOptions {
  /** The name of the database server that the tenant is to be moved to. */
  readonly to: string;
  /** Only find out whether it can be moved; nothing is changed. @defaultValue `false` */
  readonly dryRun?: boolean;
  /**
   * How long transactions that are writing are waited for before the copy can begin, in milliseconds. @defaultValue `30_000`
   */
  readonly freezeTimeout?: number;
  /** How long another one who works on the schema is waited for, in milliseconds. @defaultValue `5_000` */
  readonly lockTimeout?: number;
  /** Ends the move, which is then undone. Once the registry is told, it goes on to its end. */
  readonly signal?: AbortSignal;
  /** Is told how far it is. What it throws undoes the move, and is thrown on. */
  readonly onEvent?: (event: TenantMoveEvent) => void;
}

export type CompleteMoveOptions = TenantMoveOptions & Required<Omit<TenantMoveOptions, 'signal' | 'onEvent'>>;

const MAX_TIMEOUT = 2_147_483_647;

export function completeMoveOptions(options: TenantMoveOptions): CompleteMoveOptions {
  const { to, dryRun = false, freezeTimeout = 30_000, lockTimeout = 5_000, signal, onEvent } = options;
  if (typeof to !== 'string' || to === '') throw new TenancyOptionsError('`to` names the database server to move to.');
  for (const [name, value] of Object.entries({ freezeTimeout, lockTimeout })) {
    if (Number.isInteger(value) && value >= 1 && value <= MAX_TIMEOUT) continue;
    throw new TenancyOptionsError(`${name} is ${String(value)}; it must be a whole number from 1 to ${MAX_TIMEOUT}.`);
  }
  return { to, dryRun, freezeTimeout, lockTimeout, signal, onEvent };
}

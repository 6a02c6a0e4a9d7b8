import { UnsupportedStatementError } from '../../tenancy.errors.js';
import type { PgSubmittable } from './pg-internals.js';
import type { TypeParsers } from './row-shape.js';

export type Callback = (error: Error | null, result?: unknown) => void;

/** What pg calls a query config, as far as it can be bound. */
export interface QueryConfig {
  readonly text: string;
  readonly values?: unknown;
  /** How the values of its rows are read, as pg has it; or the types of its parameters. */
  readonly types?: TypeParsers | number[];
  readonly rowMode?: string;
  readonly binary?: boolean;
  readonly queryMode?: string;
  readonly query_timeout?: number;
  readonly rows?: number;
  readonly callback?: Callback;
}

/** A statement whose values are a list. */
export type Statement = Omit<QueryConfig, 'values' | 'callback'> & { readonly values: readonly unknown[] };

const NO_VALUES: readonly unknown[] = [];

/** The arguments of any of pg's overloads of `query()`: the statement, its values, whom to call back. */
export function normalise(args: unknown[]): [string | QueryConfig, unknown, Callback | undefined] {
  const [config, second, third] = args as [string | QueryConfig, unknown, Callback | undefined];
  if (config === null || config === undefined) throw new TypeError('Client was passed a null or undefined query');
  const own = typeof config === 'string' ? undefined : config.callback;
  if (typeof second === 'function') return [config, undefined, second as Callback];
  return [config, second, third ?? own];
}

/** The statement, and its values. What pg would only find out while it sends is refused here, before anything is sent. */
export function statementOf(config: string | QueryConfig, values: unknown): Statement {
  const own = typeof config === 'string' ? undefined : config.values;
  const given = values ?? own ?? NO_VALUES;
  if (!Array.isArray(given)) throw new TypeError('Query values must be an array');
  if (typeof config === 'string') return { text: config, values: given };
  const { text, types, rowMode, binary, queryMode, query_timeout, rows } = config;
  if (typeof text !== 'string') throw new TypeError('A query needs a text.');
  if (rows) throw new UnsupportedStatementError('`rows` reads batch by batch over several round trips. Use a cursor.');
  // Without its name: a named statement would be planned once for all tenants, and again at every change of tenant.
  return { text, values: given, types, rowMode, binary, queryMode, query_timeout };
}

/** Whether that is a reader of values. */
export function readsValues(types: Statement['types']): types is TypeParsers {
  return typeof types === 'object' && types !== null && 'getTypeParser' in types;
}

export function isSubmittable(value: unknown): value is PgSubmittable & QueryConfig {
  return typeof (value as { submit?: unknown }).submit === 'function';
}

/** What sends its messages one by one, as pg-cursor does, and pg-query-stream with a cursor of its own. */
export function isCursor(submittable: object): boolean {
  return 'handlePortalSuspended' in submittable && ('read' in submittable || 'cursor' in submittable);
}

export function textOfSubmittable(submittable: object): string | undefined {
  const { text, cursor } = submittable as { text?: string; cursor?: { text?: string } };
  return text ?? cursor?.text;
}

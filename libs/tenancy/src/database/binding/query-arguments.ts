import type { PgSubmittable } from './pg-internals.js';

export type Callback = (error: Error | null, result?: unknown) => void;
export type QueryConfig = { text: string; values?: unknown; query_timeout?: number; callback?: Callback };

/** The arguments of any of pg's overloads of `query()`: the statement, its values, whom to call back. */
export function normalise(args: unknown[]): [string | QueryConfig, unknown, Callback | undefined] {
  const [config, second, third] = args as [string | QueryConfig, unknown, Callback | undefined];
  if (config === null || config === undefined) throw new TypeError('Client was passed a null or undefined query');
  const own = typeof config === 'string' ? undefined : config.callback;
  if (typeof second === 'function') return [config, undefined, second as Callback];
  return [config, second, third ?? own];
}

/** The text of a statement. What pg would only find out while it sends is refused here, before anything is sent. */
export function textOf(config: string | QueryConfig, values: unknown): string {
  const { text, values: own } = typeof config === 'string' ? { text: config, values: undefined } : config;
  if (typeof text !== 'string') throw new TypeError('A query needs a text.');
  const given = values ?? own;
  if (given !== undefined && given !== null && !Array.isArray(given))
    throw new TypeError('Query values must be an array');
  return text;
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

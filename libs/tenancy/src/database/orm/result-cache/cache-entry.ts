import type { QueryResultCacheOptions } from 'typeorm/cache/QueryResultCacheOptions.js';

/** Whose an entry is, and since when; what is stored before its result. */
export interface EntryHeader {
  readonly owner: string;
  readonly generation: string | undefined;
}

/** Whose entries those of a tenant in a database are: several services may share a store. As JSON, no two can be equal. */
export function ownerOf(database: string | undefined, tenant: string): string {
  return JSON.stringify([database, tenant]);
}

/** What an entry is called in a store that its owner shares with others. */
export function nameOf(owner: string, kind: 'id' | 'sql' | 'generation', name = ''): string {
  return `${owner} ${kind} ${name}`;
}

export function wrap(entry: QueryResultCacheOptions, header: EntryHeader): QueryResultCacheOptions {
  return { ...entry, result: `${textOf(header)}${String(entry.result)}` };
}

/** The entry as it was before it was wrapped; `undefined` where its header is another one, whatever it was found by. */
export function unwrap(found: QueryResultCacheOptions, header: EntryHeader): QueryResultCacheOptions | undefined {
  const expected = textOf(header);
  const result: unknown = found.result;
  if (typeof result !== 'string' || !result.startsWith(expected)) return undefined;
  return { ...found, result: result.slice(expected.length) };
}

function textOf({ owner, generation = '' }: EntryHeader): string {
  // An owner is JSON and has no line break: the header ends where the first line does.
  return `${owner} ${generation}\n`;
}

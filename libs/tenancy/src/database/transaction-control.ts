// Words, spaces and commas only: with a comment or a second statement in it, a BEGIN is sent as it is.
const BEGIN = /^\s*((?:begin|start\s+transaction)[\w\s,]*?)\s*;?\s*$/i;
const END = /^\s*(commit|end|rollback|abort)(?:\s+(?:work|transaction))?\s*;?\s*$/i;
const COMMIT = /^\s*(?:commit|end)\b/i;
const CHAIN = /(?:^|;)\s*(?:commit|end|rollback|abort)\b[^;]*\band\s+chain\b/i;

/** The text of a BEGIN that does nothing else, without what ends it; `undefined` for any other statement. */
export function plainBegin(sql: string): string | undefined {
  return BEGIN.exec(sql)?.[1];
}

/** What a statement that only ends a transaction is answered with; `undefined` for any other. */
export function plainEnd(sql: string): 'COMMIT' | 'ROLLBACK' | undefined {
  const word = END.exec(sql)?.[1]?.toLowerCase();
  if (word === undefined) return undefined;
  return word === 'commit' || word === 'end' ? 'COMMIT' : 'ROLLBACK';
}

export function isCommit(sql: string): boolean {
  return COMMIT.test(sql);
}

/** Whether a statement ends a transaction and opens the next one, which would begin with the session's own search_path. */
export function chains(sql: string): boolean {
  return CHAIN.test(sql);
}

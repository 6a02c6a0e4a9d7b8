import pg from 'pg';
import { serialize } from 'pg-protocol';
import type { PreparedStatement } from './prepared-statements.js';
import type { Statement } from './query-arguments.js';
import { readsValues } from './query-arguments.js';

const { prepareValue } = (pg as unknown as { utils: { prepareValue(value: unknown): string } }).utils;
const toValue = (value: unknown): string => prepareValue(value);

const DESCRIBE = serialize.describe({ type: 'P', name: '' });
const EXECUTE_AND_SYNC = Buffer.concat([serialize.execute({ portal: '', rows: 0 }), serialize.sync()]);

/** The messages of a statement, up to the Sync that ends its group. Throws where a value cannot be written. */
export function extendedMessages(statement: Statement, prepared: PreparedStatement | undefined): Uint8Array[] {
  const { text, values, types, binary } = statement;
  const name = prepared?.name ?? '';
  const messages: Uint8Array[] = [];
  if (!prepared?.isParsed)
    messages.push(serialize.parse({ text, name, types: types && !readsValues(types) ? types : [] }));
  messages.push(
    serialize.bind({
      portal: '',
      statement: name,
      values: values as unknown[],
      binary: binary ?? false,
      valueMapper: toValue,
    }),
  );
  if (!prepared?.fields) messages.push(DESCRIBE);
  messages.push(EXECUTE_AND_SYNC);
  return messages;
}

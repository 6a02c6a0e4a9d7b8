import type { BoundQuery } from './bound-query.js';
import type { PreparedStatement } from './prepared-statements.js';
import type { TypeParsers } from './row-shape.js';
import type { StatementPrefix } from './statement-prefix.js';
import type { StatementTraits } from './statement-traits.js';
import type { TenantBinding } from './tenant-binding.js';

/** What a statement asks of the connection that sends it. */
export interface StatementSender extends TypeParsers {
  /** Whether the server says that no transaction is open. */
  readonly isIdle: boolean;
  /** Whether a BEGIN waits for a statement to travel with. */
  readonly holdsBegin: boolean;
  /**
   * What a statement that is sent now must carry; `undefined` inside a transaction, which carries it already. Takes the
   * BEGIN along that was held back.
   */
  takePrefix(binding: TenantBinding): StatementPrefix | undefined;
  /** The messages of a statement with those that have to go before them. */
  withPrefix(prefix: StatementPrefix | undefined, own: readonly Uint8Array[]): Uint8Array;
  /** The name that a statement has on this connection, where it is worth one. */
  preparedOf(binding: TenantBinding, traits: StatementTraits): PreparedStatement | undefined;
  forget(prepared: PreparedStatement): void;
  /** Sends a statement again, before those that wait. */
  retry(query: BoundQuery): void;
}

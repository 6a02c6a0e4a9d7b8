import { UnsupportedStatementError } from '../../tenancy.errors.js';
import type { ServerTraits } from './bound-client.js';
import { roleEscapeOf } from './role-escape.js';
import type { StatementTraits } from './statement-traits.js';
import type { TenantBinding } from './tenant-binding.js';

/** Throws where a statement cannot be bound, or could leave what it is bound to. */
export function assertSendable(
  text: string,
  traits: StatementTraits,
  { isDirect }: ServerTraits,
  { keepsRole }: TenantBinding,
): void {
  const refusal =
    traits.refusal ??
    (isDirect ? undefined : traits.refusalBehindPooler) ??
    (keepsRole ? roleEscapeOf(text) : undefined);
  if (refusal !== undefined) throw new UnsupportedStatementError(refusal);
}

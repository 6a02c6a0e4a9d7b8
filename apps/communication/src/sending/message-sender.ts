import type { Message } from 'communication-schema';
import type { TenantConfig } from 'nestjs-tenancy';
import type { Settings } from '../settings/settings.js';

/** What became of a message that was handed over. */
export interface Sent {
  /** What it was sent from. */
  readonly from: string;
  /** What the mail server or the provider calls it; `null` where it says nothing of the kind. */
  readonly providerId: string | null;
}

/** Hands a message over to whoever delivers it. Throws `SendError`. */
export interface MessageSender {
  send(message: Message, settings: Pick<TenantConfig<Settings>, 'get'>): Promise<Sent>;
}

/**
 * A message was not sent. The text is the tenant's to read: it names neither hosts nor credentials, and nothing that an
 * upstream wrote. `permanent`: another attempt would fail like this one.
 */
export class SendError extends Error {
  readonly permanent: boolean;

  constructor(message: string, { permanent = false, cause }: { permanent?: boolean; cause?: unknown } = {}) {
    super(message, { cause });
    this.permanent = permanent;
  }

  /** The same for whoever must not see what lies behind it. */
  withoutCause(): SendError {
    return new SendError(this.message, { permanent: this.permanent });
  }
}

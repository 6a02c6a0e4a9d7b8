import { Inject, Injectable } from '@nestjs/common';
import type { Message } from 'communication-schema';
import type { TenantConfig } from 'nestjs-tenancy';
import { TenantAddresses } from 'nestjs-tenancy';
import { createTransport } from 'nodemailer';
import { parseMailbox } from '../addresses/mailbox.js';
import type { Environment } from '../environment.js';
import { ENVIRONMENT } from '../environment.js';
import type { Settings } from '../settings/settings.js';
import type { MessageSender, Sent } from './message-sender.js';
import { SendError } from './message-sender.js';
import { smtpFailure } from './smtp-failure.js';
import { tenantMailServer } from './tenant-mail-server.js';

// A text of a tenant's is a text, whatever it looks like; and no server keeps a message waiting for ever.
const COMMON = {
  connectionTimeout: 5_000,
  greetingTimeout: 5_000,
  socketTimeout: 15_000,
  dnsTimeout: 5_000,
  disableFileAccess: true,
  disableUrlAccess: true,
};

/** Sends email by SMTP, each from its tenant's own sender, and through its own mail server where it has one. */
@Injectable()
export class EmailSender implements MessageSender {
  private readonly transport: ReturnType<typeof createTransport>;
  private readonly domain: string;
  private readonly ca: string | undefined;

  constructor(
    @Inject(ENVIRONMENT) { SMTP_URL, TENANT_BASE_DOMAIN, TENANT_SERVERS_CA }: Environment,
    private readonly addresses: TenantAddresses,
  ) {
    this.domain = TENANT_BASE_DOMAIN;
    this.ca = TENANT_SERVERS_CA;
    this.transport = createTransport({ url: SMTP_URL, ...COMMON });
  }

  async send(message: Message, settings: Pick<TenantConfig<Settings>, 'get'>): Promise<Sent> {
    const from = settings.get('email.from');
    const sender = from === undefined ? undefined : parseMailbox(from);
    if (from === undefined || !sender) {
      throw new SendError('No sender is set: set "email.from" in the settings.', { permanent: true });
    }
    const replyTo = settings.get('email.replyTo');
    const footer = settings.get('email.footer');
    const messageId = `<${message.id}@${this.domain}>`;
    const own = tenantMailServer(settings, this.addresses, this.ca);
    const transport = own ? createTransport({ ...COMMON, ...own }) : this.transport;
    try {
      await transport.sendMail({
        from: sender,
        to: { name: '', address: message.to },
        ...(replyTo === undefined ? {} : { replyTo: { name: '', address: replyTo } }),
        subject: message.subject ?? '',
        text: footer === undefined ? message.body : `${message.body}\n\n${footer}`,
        // The same at each attempt: a mailbox that was handed the message twice can tell.
        messageId,
      });
    } catch (error) {
      // What a tenant's own server says is anybody's text: it goes no further than its numbers.
      throw own ? smtpFailure(error).withoutCause() : smtpFailure(error);
    }
    return { from, providerId: messageId };
  }
}

import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Message, MessageAttempt } from 'communication-schema';
import { TenantConfigService, WithTenant } from 'nestjs-tenancy';
import { Repository } from 'typeorm';
import type { Environment } from '../environment.js';
import { ENVIRONMENT } from '../environment.js';
import type { MessageJob } from '../queue/message-job.js';
import type { Settings } from '../settings/settings.js';
import { EmailSender } from './email.sender.js';
import type { Sent } from './message-sender.js';
import { SendError } from './message-sender.js';
import { SmsSender } from './sms.sender.js';

/** Sends one message, as its tenant, and records what became of it. */
@Injectable()
export class Delivery {
  private readonly logger = new Logger('Delivery');
  // What was sent and could not be recorded: the next run records it, and does not send it again.
  private readonly unrecorded = new Map<string, Sent>();

  constructor(
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    @InjectRepository(MessageAttempt) private readonly attempts: Repository<MessageAttempt>,
    private readonly settings: TenantConfigService<Settings>,
    private readonly email: EmailSender,
    private readonly sms: SmsSender,
    @Inject(ENVIRONMENT) private readonly environment: Environment,
  ) {}

  /** Throws `SendError` where an attempt failed; it is recorded then. Whatever else it throws was no attempt. */
  @WithTenant((job: Pick<MessageJob, 'data'>) => job.data.tenantId)
  async process({ data }: Pick<MessageJob, 'data'>): Promise<void> {
    const message = await this.messages.findOneBy({ id: data.messageId });
    if (!message) {
      this.logger.warn(`Message ${data.messageId} of tenant ${data.tenantId} is not there any more`);
      return;
    }
    if (message.status !== 'queued') {
      this.unrecorded.delete(message.id);
      return;
    }
    const sent = this.unrecorded.get(message.id) ?? (await this.send(message));
    this.unrecorded.set(message.id, sent);
    await this.recordSent(message, sent);
    this.unrecorded.delete(message.id);
  }

  private async send(message: Message): Promise<Sent> {
    const sender = message.channel === 'email' ? this.email : this.sms;
    try {
      return await sender.send(message, this.settings);
    } catch (error) {
      if (!(error instanceof SendError)) throw error;
      throw await this.recordFailed(message, error);
    }
  }

  private async recordSent({ id }: Message, { from, providerId }: Sent): Promise<void> {
    await this.messages.manager.transaction(async (manager) => {
      await manager.update(Message, { id }, { status: 'sent', from, providerId, sentAt: () => 'now()' });
      await manager.insert(MessageAttempt, { message: { id }, outcome: 'sent', error: null });
    });
  }

  /** Returns the failure, permanent where this was the last attempt. */
  private async recordFailed({ id }: Message, failure: SendError): Promise<SendError> {
    const before = await this.attempts.countBy({ message: { id } });
    const permanent = failure.permanent || before + 1 >= this.environment.MESSAGE_ATTEMPTS;
    await this.messages.manager.transaction(async (manager) => {
      await manager.insert(MessageAttempt, { message: { id }, outcome: 'failed', error: failure.message });
      if (permanent) await manager.update(Message, { id }, { status: 'failed' });
    });
    return new SendError(failure.message, { permanent, cause: failure.cause });
  }
}

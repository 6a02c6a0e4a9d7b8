import { Inject, Injectable } from '@nestjs/common';
import type { Message } from 'communication-schema';
import type { TenantConfig } from 'nestjs-tenancy';
import twilio from 'twilio';
import type { Environment } from '../environment.js';
import { ENVIRONMENT } from '../environment.js';
import type { Settings } from '../settings/settings.js';
import type { MessageSender, Sent } from './message-sender.js';
import { SendError } from './message-sender.js';
import { twilioFailure } from './twilio-failure.js';
import { TwilioHttpClient } from './twilio-http-client.js';

/** Sends text messages by the Messages API of Twilio, each from its tenant's own sender. */
@Injectable()
export class SmsSender implements MessageSender {
  private readonly client: ReturnType<typeof twilio>;

  constructor(@Inject(ENVIRONMENT) { TWILIO_BASE_URL, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN }: Environment) {
    const httpClient = new TwilioHttpClient(TWILIO_BASE_URL);
    this.client = twilio(TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, { httpClient });
  }

  async send({ to, body }: Message, settings: Pick<TenantConfig<Settings>, 'get'>): Promise<Sent> {
    const from = settings.get('sms.senderId');
    if (from === undefined) {
      throw new SendError('No sender is set: set "sms.senderId" in the settings.', { permanent: true });
    }
    try {
      const { sid } = (await this.client.messages.create({ to, from, body })) as { sid?: string };
      return { from, providerId: sid ?? null };
    } catch (error) {
      throw twilioFailure(error);
    }
  }
}

import { Module } from '@nestjs/common';
import { Message, MessageAttempt } from 'communication-schema';
import { TenancyModule, TenantAddresses } from 'nestjs-tenancy';
import type { Environment } from '../environment.js';
import { ENVIRONMENT } from '../environment.js';
import { QueueModule } from '../queue/queue.module.js';
import { Delivery } from './delivery.js';
import { EmailSender } from './email.sender.js';
import { HeldTenants } from './held-tenants.js';
import { MessageWorker } from './message-worker.js';
import { SmsSender } from './sms.sender.js';
import { Sweeper } from './sweeper.js';
import { WaitingMessages } from './waiting-messages.js';

@Module({
  imports: [TenancyModule.forFeature([Message, MessageAttempt]), QueueModule],
  providers: [
    {
      provide: TenantAddresses,
      inject: [ENVIRONMENT],
      // Without a certificate authority: nodemailer begins the TLS of SMTP itself.
      useFactory: ({ TENANT_SERVERS_ALLOW }: Environment) =>
        new TenantAddresses({ allow: TENANT_SERVERS_ALLOW, timeout: 5_000 }),
    },
    EmailSender,
    SmsSender,
    Delivery,
    WaitingMessages,
    HeldTenants,
    MessageWorker,
    Sweeper,
  ],
})
export class SendingModule {}

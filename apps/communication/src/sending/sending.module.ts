import { Module } from '@nestjs/common';
import { Message, MessageAttempt } from 'communication-schema';
import { TenancyModule } from 'nestjs-tenancy';
import { QueueModule } from '../queue/queue.module.js';
import { Delivery } from './delivery.js';
import { EmailSender } from './email.sender.js';
import { MessageWorker } from './message-worker.js';
import { SmsSender } from './sms.sender.js';
import { Sweeper } from './sweeper.js';

@Module({
  imports: [TenancyModule.forFeature([Message, MessageAttempt]), QueueModule],
  providers: [EmailSender, SmsSender, Delivery, MessageWorker, Sweeper],
})
export class SendingModule {}

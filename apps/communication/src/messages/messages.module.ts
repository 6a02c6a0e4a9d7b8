import { Module } from '@nestjs/common';
import { Message } from 'communication-schema';
import { TenancyModule } from 'nestjs-tenancy';
import { QueueModule } from '../queue/queue.module.js';
import { TemplatesModule } from '../templates/templates.module.js';
import { MessageContents } from './message-content.js';
import { MessagesController } from './messages.controller.js';
import { MessagesService } from './messages.service.js';

@Module({
  imports: [TenancyModule.forFeature([Message]), TemplatesModule, QueueModule],
  controllers: [MessagesController],
  providers: [MessagesService, MessageContents],
})
export class MessagesModule {}

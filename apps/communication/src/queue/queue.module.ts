import { Module } from '@nestjs/common';
import { MessageQueue } from './message-queue.js';

@Module({ providers: [MessageQueue], exports: [MessageQueue] })
export class QueueModule {}

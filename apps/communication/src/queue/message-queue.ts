import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { PostgresConnectionOptions, PostgresQueueBackend } from 'bullmq';
import { createPostgresBackend, Queue } from 'bullmq';
import type { Environment } from '../environment.js';
import { ENVIRONMENT } from '../environment.js';
import type { MessageJobData } from './message-job.js';
import { jobIdOf, QUEUE_NAME } from './message-job.js';
import { queueConnection } from './queue-connection.js';

const INSUFFICIENT_PRIVILEGE = '42501';

type MessageQueueOfPostgres = Queue<
  MessageJobData,
  void,
  'send',
  MessageJobData,
  void,
  'send',
  PostgresQueueBackend,
  PostgresConnectionOptions
>;

/**
 * Where messages wait to be sent. BullMQ itself, not @nestjs/bullmq: that takes no other backend than Redis, and closes
 * its workers at the same moment as the database that they use.
 */
@Injectable()
export class MessageQueue implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('MessageQueue');
  private queue: MessageQueueOfPostgres;

  constructor(@Inject(ENVIRONMENT) private readonly environment: Environment) {}

  async onModuleInit(): Promise<void> {
    this.queue = new Queue(QUEUE_NAME, { connection: queueConnection(this.environment, 4) }, createPostgresBackend);
    this.queue.on('error', (error) => this.logger.error(error.message));
    await this.queue.waitUntilReady().catch((cause: Error & { code?: string }) => {
      if (cause.code !== INSUFFICIENT_PRIVILEGE) throw cause;
      throw new Error(
        `The queue needs a schema "bullmq" of its own: ${cause.message}. As the owner of the database: ` +
          'GRANT CREATE ON DATABASE … TO …; or give the queue another database, with QUEUE_DATABASE_URL.',
        { cause },
      );
    });
  }

  async add(job: MessageJobData): Promise<void> {
    const { MESSAGE_ATTEMPTS, MESSAGE_BACKOFF_MS } = this.environment;
    await this.queue.add('send', job, {
      jobId: jobIdOf(job),
      attempts: MESSAGE_ATTEMPTS,
      backoff: { type: 'exponential', delay: MESSAGE_BACKOFF_MS },
      // What became of a message stands in its row; the queue holds what is still to be done.
      removeOnComplete: true,
      removeOnFail: true,
    });
  }

  /** Throws where the queue cannot be reached. */
  async ping(): Promise<void> {
    await this.queue.getJobCountByTypes('waiting');
  }

  /** After the HTTP server, which may still have added a message. */
  async onApplicationShutdown(): Promise<void> {
    await this.queue?.close();
  }
}

import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { JobProgress, PostgresConnectionOptions, PostgresQueueBackend } from 'bullmq';
import { createPostgresBackend, DelayedError, UnrecoverableError, Worker } from 'bullmq';
import { InvalidTenantIdError, TenantNotFoundError, TenantSuspendedError } from 'nestjs-tenancy';
import type { Environment } from '../environment.js';
import { ENVIRONMENT } from '../environment.js';
import type { MessageJob, MessageJobData } from '../queue/message-job.js';
import { QUEUE_NAME } from '../queue/message-job.js';
import { queueConnection } from '../queue/queue-connection.js';
import { Delivery } from './delivery.js';
import { HeldTenants } from './held-tenants.js';
import { SendError } from './message-sender.js';
import { TenantPlaces } from './tenant-places.js';

type WorkerOfPostgres = Worker<
  MessageJobData,
  void,
  'send',
  PostgresQueueBackend,
  JobProgress,
  PostgresConnectionOptions
>;

// How long running jobs may take to end when the service stops.
const CLOSE_DEADLINE_MS = 10_000;

/** Takes messages from the queue, and decides what becomes of those that were not sent. */
@Injectable()
export class MessageWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('MessageWorker');
  private readonly places: TenantPlaces;
  private worker: WorkerOfPostgres | undefined;

  constructor(
    private readonly delivery: Delivery,
    private readonly held: HeldTenants,
    @Inject(ENVIRONMENT) private readonly environment: Environment,
  ) {
    this.places = new TenantPlaces(environment.MESSAGE_CONCURRENCY_PER_TENANT, environment.MESSAGE_HOLD_MS);
  }

  async onApplicationBootstrap(): Promise<void> {
    const { MESSAGE_CONCURRENCY } = this.environment;
    const worker: WorkerOfPostgres = new Worker(
      QUEUE_NAME,
      (job: MessageJob, token?: string) => this.run(job, token),
      {
        connection: queueConnection(this.environment, 4),
        concurrency: MESSAGE_CONCURRENCY,
        // A job whose service was killed is taken up again after this, by whoever runs then.
        lockDuration: 10_000,
        stalledInterval: 5_000,
        // A message that waits through several crashes of ours is not at fault; one that causes them must end.
        maxStalledCount: 10,
      },
      createPostgresBackend,
    );
    this.worker = worker;
    worker.on('error', (error) => this.logger.error(error.message));
    await worker.waitUntilReady();
  }

  /** Before the database closes: what runs now still has to record how it ended. */
  async beforeApplicationShutdown(): Promise<void> {
    if (!this.worker) return;
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise((resolve) => {
      timer = setTimeout(resolve, CLOSE_DEADLINE_MS, 'late');
    });
    const outcome = await Promise.race([this.worker.close(), deadline]);
    clearTimeout(timer);
    if (outcome !== 'late') return;
    this.logger.warn(`Messages were still being sent after ${CLOSE_DEADLINE_MS} ms; they are taken up again later`);
    await this.worker.disconnect();
  }

  private async run(job: MessageJob, token: string | undefined): Promise<void> {
    const turn = this.places.take(job.data.tenantId);
    if ('waitMs' in turn) return later(job, token, turn.waitMs);
    try {
      await this.send(job, token);
    } finally {
      turn.leave();
    }
  }

  private async send(job: MessageJob, token: string | undefined): Promise<void> {
    try {
      await this.delivery.process(job);
    } catch (error) {
      const { tenantId, messageId } = job.data;
      if (error instanceof SendError) throw error.permanent ? new UnrecoverableError(error.message) : error;
      if (error instanceof TenantNotFoundError || error instanceof InvalidTenantIdError) {
        this.logger.warn(`Message ${messageId} is dropped: there is no tenant ${tenantId}`);
        return;
      }
      // The job ends, and the message stays queued: its job is added again when the tenant is active.
      if (error instanceof TenantSuspendedError) return this.held.hold(tenantId);
      this.logger.error(
        `Message ${messageId} of tenant ${tenantId} waits`,
        error instanceof Error ? error.stack : String(error),
      );
      await later(job, token, this.environment.MESSAGE_HOLD_MS);
    }
  }
}

/** No attempt of the message's own, and it is not lost: it comes again until the cause is gone. */
async function later(job: MessageJob, token: string | undefined, waitMs: number): Promise<never> {
  await job.moveToDelayed(Date.now() + waitMs, token);
  throw new DelayedError();
}

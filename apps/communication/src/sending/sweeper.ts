import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Message } from 'communication-schema';
import type { Tenant } from 'nestjs-tenancy';
import { TenantContext, TenantService } from 'nestjs-tenancy';
import { Repository } from 'typeorm';
import type { Environment } from '../environment.js';
import { ENVIRONMENT } from '../environment.js';
import { MessageQueue } from '../queue/message-queue.js';

const TENANTS_PER_PAGE = 100;
const MESSAGES_PER_TENANT = 1_000;

/**
 * Adds the job of every message that waits for long: where a request died between the two, or the queue lost one.
 * Adding a job that is there changes nothing.
 */
@Injectable()
export class Sweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Sweeper');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly tenants: TenantService,
    private readonly context: TenantContext,
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly queue: MessageQueue,
    @Inject(ENVIRONMENT) private readonly environment: Environment,
  ) {}

  onApplicationBootstrap(): void {
    const run = () => {
      this.running ??= this.sweep()
        .catch((error: Error) => this.logger.warn(`Waiting messages were not looked for: ${error.message}`))
        .finally(() => (this.running = undefined));
    };
    this.timer = setInterval(run, this.environment.MESSAGE_SWEEP_MS);
    run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  async sweep(): Promise<void> {
    for (let offset = 0; ; offset += TENANTS_PER_PAGE) {
      const { tenants, total } = await this.tenants.listTenants({ limit: TENANTS_PER_PAGE, offset });
      for (const tenant of tenants) {
        if (this.stopped) return;
        if (tenant.status !== 'active') continue;
        await this.sweepTenant(tenant).catch((error: Error) =>
          this.logger.warn(`Waiting messages of tenant ${tenant.id} were not looked for: ${error.message}`),
        );
      }
      if (tenants.length === 0 || offset + tenants.length >= total) return;
    }
  }

  private async sweepTenant(tenant: Tenant): Promise<void> {
    const waiting = await this.context.run(tenant, () =>
      this.messages
        .createQueryBuilder('message')
        .select(['message.id'])
        .where(`message.status = 'queued' AND message.created_at < now() - :age * interval '1 millisecond'`, {
          age: this.environment.MESSAGE_SWEEP_MS,
        })
        .orderBy('message.createdAt')
        .limit(MESSAGES_PER_TENANT)
        .getMany(),
    );
    for (const { id } of waiting) await this.queue.add({ tenantId: tenant.id, messageId: id });
  }
}

import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Message } from 'communication-schema';
import type { Tenant } from 'nestjs-tenancy';
import { TenantContext } from 'nestjs-tenancy';
import { Repository } from 'typeorm';
import { MessageQueue } from '../queue/message-queue.js';

const PAGE = 1_000;

/** Adds the jobs of messages that wait. Adding a job that is there changes nothing. */
@Injectable()
export class WaitingMessages {
  constructor(
    private readonly context: TenantContext,
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly queue: MessageQueue,
  ) {}

  /** Those of a tenant that wait for longer than that; not more than a page, which the next round goes on with. */
  async queueOld(tenant: Tenant, ageMs: number): Promise<void> {
    await this.queuePage(tenant, ageMs);
  }

  /** All of a tenant's, the oldest first. */
  async queueAll(tenant: Tenant, goesOn: () => boolean): Promise<void> {
    let last: string | undefined;
    do last = await this.queuePage(tenant, 0, last);
    while (last !== undefined && goesOn());
  }

  /** Returns the last message of a page that was full. */
  private async queuePage(tenant: Tenant, ageMs: number, after?: string): Promise<string | undefined> {
    const page = await this.context.run(tenant, () => {
      const query = this.messages
        .createQueryBuilder('message')
        .select(['message.id'])
        .where(`message.status = 'queued' AND message.created_at <= now() - :ageMs * interval '1 millisecond'`, {
          ageMs,
        })
        .orderBy({ 'message.createdAt': 'ASC', 'message.id': 'ASC' })
        .limit(PAGE);
      // Compared where it is stored: a Date of JavaScript's is less exact than the column.
      if (after !== undefined) {
        query.andWhere(
          '(message.created_at, message.id) > (SELECT one.created_at, one.id FROM messages one WHERE one.id = :after)',
          { after },
        );
      }
      return query.getMany();
    });
    for (const { id } of page) await this.queue.add({ tenantId: tenant.id, messageId: id });
    return page.length === PAGE ? page[PAGE - 1].id : undefined;
  }
}

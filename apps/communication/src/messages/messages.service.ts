import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Message } from 'communication-schema';
import { TenantContext } from 'nestjs-tenancy';
import { ProblemException } from 'problem-details';
import { Repository } from 'typeorm';
import { pageOf } from '../lists/page.js';
import { MessageQueue } from '../queue/message-queue.js';
import { hashOf } from './idempotency-key.js';
import { MessageContents } from './message-content.js';
import type { CreateMessage, ListMessages } from './message.schemas.js';
import { summaryFields } from './message.view.js';

@Injectable()
export class MessagesService {
  private readonly logger = new Logger('Messages');

  constructor(
    @InjectRepository(Message) private readonly messages: Repository<Message>,
    private readonly contents: MessageContents,
    private readonly queue: MessageQueue,
    private readonly tenant: TenantContext,
  ) {}

  /**
   * Stores a message, then its job, and returns its id. What is stored first cannot be lost: without its job the client
   * is told to come again, and the same key finds the same message.
   */
  async accept(request: CreateMessage, key: string | undefined): Promise<string> {
    const known = key === undefined ? undefined : await this.repeated(key, request);
    const message = known ?? (await this.store(request, key));
    if (message.status === 'queued') await this.enqueue(message);
    return message.id;
  }

  /** The newest first, as much of each as a list shows. */
  async list({ limit, cursor }: ListMessages): Promise<{ page: Message[]; next?: string }> {
    const query = this.messages.createQueryBuilder('message').select(summaryFields.map((field) => `message.${field}`));
    if (cursor !== undefined) {
      // Compared by the database: its timestamps are finer than JavaScript's.
      const last = 'SELECT last.created_at, last.id FROM messages last WHERE last.id = :cursor';
      query.where(`(message.created_at, message.id) < (${last})`, { cursor });
    }
    const found = await query
      .orderBy('message.createdAt', 'DESC')
      .addOrderBy('message.id', 'DESC')
      .limit(limit + 1)
      .getMany();
    return pageOf(found, limit);
  }

  /** With its attempts, the first one first. Throws 404 MESSAGE_NOT_FOUND. */
  async get(id: string): Promise<Message> {
    const message = await this.messages.findOne({
      where: { id },
      relations: { attempts: true },
      order: { attempts: { id: 'ASC' } },
    });
    if (message) return message;
    throw new ProblemException(404, 'MESSAGE_NOT_FOUND', 'There is no message of this id. List them at /messages.');
  }

  private async store(request: CreateMessage, key: string | undefined): Promise<Message> {
    const content = await this.contents.of(request);
    const row = { ...content, to: request.to, idempotencyKey: key ?? null, requestHash: key ? hashOf(request) : null };
    const insert = this.messages.createQueryBuilder().insert().values(row).orIgnore().returning('id');
    const { raw } = await insert.execute();
    const [stored] = raw as Array<{ id: string }>;
    if (stored) return this.messages.create({ ...row, id: stored.id, status: 'queued' });
    // Another request of the same key was faster, and is stored by now.
    const known = await this.repeated(key!, request);
    if (known) return known;
    throw new Error('A message was refused as a repetition of one that is not there.');
  }

  /** The message that this key has made before. Throws 409 IDEMPOTENCY_KEY_REUSED where it was another request's. */
  private async repeated(key: string, request: CreateMessage): Promise<Message | undefined> {
    const known = await this.messages.findOneBy({ idempotencyKey: key });
    if (!known || known.requestHash === hashOf(request)) return known ?? undefined;
    throw new ProblemException(
      409,
      'IDEMPOTENCY_KEY_REUSED',
      'This Idempotency-Key came with another request before. Use a new key for a new message.',
    );
  }

  private async enqueue(message: Message): Promise<void> {
    try {
      await this.queue.add({ tenantId: this.tenant.getOrThrow().id, messageId: message.id });
    } catch (error) {
      this.logger.error(`Message ${message.id} could not be queued`, error instanceof Error ? error.stack : error);
      // Without a key nobody could ask for it again, and it would be sent beside its repetition.
      if (message.idempotencyKey === null) await this.messages.delete({ id: message.id }).catch(() => undefined);
      throw new ProblemException(
        503,
        'QUEUE_UNAVAILABLE',
        'The message cannot be queued now. Send the same request again, with the same Idempotency-Key.',
        undefined,
        5,
      );
    }
  }
}

import { Controller, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import {
  Ctx,
  EventPattern,
  KafkaHeaders,
  MessagePattern,
  Payload,
  RmqContext,
  ServerKafka,
  ServerRMQ,
} from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Tenant } from 'nestjs-tenancy';
import { BypassTenancy, InMemoryTenantStore, TenancyModule, TenantContext, TenantNotFoundError } from 'nestjs-tenancy';

const handled: string[] = [];
const settled: string[] = [];
const answered: unknown[] = [];

/** Nest's own server of RabbitMQ, without a broker. */
class RabbitServer extends ServerRMQ {
  private readonly wire = {
    ack: (message: { name: string }) => settled.push(`ack ${message.name}`),
    nack: (message: { name: string }, _all: boolean, requeue: boolean) =>
      settled.push(`${requeue ? 'requeue' : 'reject'} ${message.name}`),
    sendToQueue: (_queue: string, content: Buffer) => answered.push(JSON.parse(String(content))),
  };

  override async listen(done: () => void): Promise<void> {
    this.channel = this.wire as never;
    done();
  }

  override async close(): Promise<void> {}

  deliver(pattern: string, name: string, tenant: string, replyTo?: string): Promise<void> {
    const content = Buffer.from(JSON.stringify({ pattern, data: name, ...(replyTo ? { id: '1' } : {}) }));
    const message = { name, content, properties: { replyTo, headers: { 'x-tenant-id': tenant } } };
    return this.handleMessage(message, this.wire);
  }

  protected override loadPackageSynchronously<T>(): T {
    return undefined as T;
  }
}

/** Nest's own server of Kafka, without a broker. */
class KafkaServer extends ServerKafka {
  override async listen(done: () => void): Promise<void> {
    this.producer = { send: async ({ messages }: { messages: unknown[] }) => void answered.push(...messages) } as never;
    done();
  }

  override async close(): Promise<void> {}

  /** What kafkajs calls: it goes on with the next message when this is fulfilled. */
  consume(topic: string, name: string, tenant: string, headers: object = {}): Promise<unknown> {
    const message = {
      key: null,
      value: Buffer.from(name),
      headers: { 'x-tenant-id': Buffer.from(tenant), ...headers },
    };
    return this.getMessageHandler()({ topic, partition: 0, message, heartbeat: async () => undefined } as never);
  }
}

const asked = { [KafkaHeaders.CORRELATION_ID]: Buffer.from('1'), [KafkaHeaders.REPLY_TOPIC]: Buffer.from('replies') };

@Controller()
class MailController {
  constructor(private readonly tenants: TenantContext) {}

  @EventPattern('mail')
  mail(@Payload() name: string, @Ctx() context: unknown): void {
    handled.push(`${name} as ${this.tenants.tenantId}`);
    settle(context);
  }

  @EventPattern('fails')
  fails(@Payload() name: string, @Ctx() context: unknown): void {
    settle(context);
    throw new TenantNotFoundError(name);
  }

  @MessagePattern('who')
  who(): unknown {
    return this.tenants.tenantId;
  }

  @BypassTenancy()
  @EventPattern('heard')
  heardByAll(@Payload() name: string, @Ctx() context: unknown): void {
    handled.push(`${name} as nobody`);
    settle(context);
  }

  @EventPattern('heard')
  heard(@Payload() name: string): void {
    handled.push(`${name} as ${this.tenants.tenantId}`);
  }

  @EventPattern('twice')
  once(@Payload() name: string): void {
    handled.push(name);
  }

  @EventPattern('twice')
  again(@Payload() name: string): void {
    handled.push(name);
  }
}

function settle(context: unknown): void {
  if (!(context instanceof RmqContext)) return;
  const channel = context.getChannelRef() as { ack(message: object): void };
  channel.ack(context.getMessage());
}

class SometimesStore extends InMemoryTenantStore {
  override async findById(id: string): Promise<Tenant | undefined> {
    if (id === 'unreachable') throw new Error('ECONNREFUSED');
    return super.findById(id);
  }
}

const store = new SometimesStore([
  { id: 'acme', schema: 't_acme' },
  { id: 'dormant', schema: 't_dormant', status: 'suspended' },
]);

@Module({ imports: [TenancyModule.forRoot({ store })], controllers: [MailController] })
class ServiceModule {}

let close: () => Promise<void>;
async function start<T extends RabbitServer | KafkaServer>(strategy: T): Promise<T> {
  const service = await NestFactory.createMicroservice<MicroserviceOptions>(ServiceModule, { strategy, logger: false });
  await service.listen();
  close = () => service.close();
  return strategy;
}

beforeEach(() => {
  vi.spyOn(Logger.prototype, 'error').mockReturnValue();
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
});
afterEach(async () => {
  await close();
  handled.length = settled.length = answered.length = 0;
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const warnings = () => vi.mocked(Logger.prototype.warn).mock.calls.map(([text]) => String(text));

describe('a message by RabbitMQ that its consumer acknowledges by hand', () => {
  it.each(['dormant', 'nobody', '../acme'])(
    'that names %s is refused for good, and the next one comes',
    async (tenant) => {
      const server = await start(new RabbitServer({ noAck: false }));

      await server.deliver('mail', 'one', tenant);
      await server.deliver('mail', 'two', 'acme');

      await expect.poll(() => [...settled].sort()).toEqual(['ack two', 'reject one']);
      expect(handled).toEqual(['two as acme']);
      expect(warnings()).toEqual([expect.stringContaining('refused for good')]);
    },
  );

  it('that nobody can tell the tenant of is given back after a while', async () => {
    const server = await start(new RabbitServer({ noAck: false }));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

    await server.deliver('mail', 'one', 'unreachable');
    await vi.waitFor(() => expect(vi.mocked(Logger.prototype.error)).toHaveBeenCalled());
    await vi.advanceTimersByTimeAsync(900);
    expect(settled).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);

    expect(settled).toEqual(['requeue one']);
  });

  it.each([
    ['dormant', 'TENANT_NOT_FOUND'],
    ['unreachable', 'TENANT_SERVICE_UNAVAILABLE'],
  ])('and that waits for an answer has it, and does not come again: %s', async (tenant, code) => {
    const server = await start(new RabbitServer({ noAck: false }));

    await server.deliver('who', 'one', tenant, 'replies');

    await expect.poll(() => answered).toMatchObject([{ err: { code } }]);
    expect(settled).toEqual(['reject one']);
  });

  it('is settled once: by one of its handlers that runs, or for those that do not', async () => {
    const server = await start(new RabbitServer({ noAck: false }));

    await server.deliver('heard', 'one', 'dormant');
    await server.deliver('twice', 'two', 'dormant');

    await expect.poll(() => [...settled].sort()).toEqual(['ack one', 'reject two']);
    expect(handled).toEqual(['one as nobody']);
  });

  it('is its handler’s to settle, once that has run', async () => {
    const server = await start(new RabbitServer({ noAck: false }));

    await server.deliver('fails', 'one', 'acme');

    await expect.poll(() => settled).toEqual(['ack one']);
    expect(warnings()).toEqual([]);
  });

  it('and one that is acknowledged when it is sent is not settled: that would close the channel', async () => {
    const server = await start(new RabbitServer({ noAck: true }));

    await server.deliver('twice', 'one', 'dormant');
    await server.deliver('mail', 'two', 'acme');

    await expect.poll(() => settled).toEqual(['ack two']);
  });
});

describe('an event by Kafka', () => {
  it.each(['dormant', 'nobody', '../acme'])('that names %s is passed over and logged', async (tenant) => {
    const server = await start(new KafkaServer({}));

    await server.consume('mail', 'one', tenant);
    await server.consume('mail', 'two', tenant, asked);
    await server.consume('mail', 'three', 'acme');

    expect(handled).toEqual(['three as acme']);
    expect(warnings()).toHaveLength(2);
  });

  it('that nobody can tell the tenant of comes again', async () => {
    const server = await start(new KafkaServer({}));

    await expect(server.consume('mail', 'one', 'unreachable')).rejects.toThrow(Error);
  });

  it('whose handler has run fails as any other', async () => {
    const server = await start(new KafkaServer({}));

    await expect(server.consume('fails', 'one', 'acme')).rejects.toMatchObject({ code: 'TENANT_NOT_FOUND' });
  });

  it('is no request: that is answered', async () => {
    const server = await start(new KafkaServer({}));

    await server.consume('who', 'one', 'dormant', asked);

    await expect.poll(() => answered).toHaveLength(1);
    const [{ headers }] = answered as [{ headers: Record<string, Buffer> }];
    expect(String(headers[KafkaHeaders.NEST_ERR])).toContain('TENANT_NOT_FOUND');
  });
});

import { headers } from '@nats-io/transport-node';
import {
  ClientKafka,
  ClientMqtt,
  ClientNats,
  ClientProxy,
  ClientRMQ,
  KafkaContext,
  MqttContext,
  MqttRecordBuilder,
  NatsContext,
  NatsRecordBuilder,
  RmqContext,
  RmqRecord,
  RmqRecordBuilder,
  ServerMqtt,
} from '@nestjs/microservices';
import { MqttRecordSerializer } from '@nestjs/microservices/serializers/mqtt-record.serializer.js';
import { RmqRecordSerializer } from '@nestjs/microservices/serializers/rmq-record.serializer.js';
import type { Observable } from 'rxjs';
import { lastValueFrom } from 'rxjs';
import { beforeEach, describe, expect, it } from 'vitest';
import { runInScope } from '../context/tenancy-scope.js';
import { TenancyOptionsError } from '../tenancy.errors.js';
import { defineTenant } from '../tenants/tenant.js';
import { messageHeader, TENANT_HEADER } from './message-header.js';
import type { MessageClient } from './send-tenant.js';
import { sendTenant } from './send-tenant.js';

const OTHERS = { 'X-Tenant-ID': 'globex', 'x-tenant-id': 'globex', trace: '1' };

interface Sent {
  /** As the server of the transport has it. */
  readonly context: unknown;
  readonly payload: unknown;
}

type Client = MessageClient & { emit(pattern: string, data: unknown): Observable<unknown> };

let sent: Sent[] = [];
beforeEach(() => {
  sent = [];
});

const parsed = (content: unknown): unknown => (JSON.parse(String(content)) as { data: unknown }).data;

/** Nest's own client, without its constructor, which loads the package of the broker, and without a connection. */
function clientOf(type: { prototype: object }, fields: object): Client {
  return Object.assign(Object.create(type.prototype) as Client, { connect: async () => undefined, ...fields });
}

function rabbit(options: object = {}): Client {
  const channel = {
    sendToQueue: (_queue: string, content: Buffer, properties: object, done?: () => void) => {
      sent.push({ context: new RmqContext([{ properties }, {}, ''] as never), payload: parsed(content) });
      done?.();
      return Promise.resolve();
    },
  };
  const serializer = new RmqRecordSerializer();
  return clientOf(ClientRMQ, { options, channel, serializer, replyQueue: 'replies', queue: 'mail' });
}

function mqtt(options: object = { protocolVersion: 5 }): Client {
  const mqttClient = {
    publish: (topic: string, content: string, packet: object, done?: () => void) => {
      sent.push({ context: new MqttContext([topic, packet as never]), payload: parsed(content) });
      done?.();
    },
  };
  return clientOf(ClientMqtt, { options, mqttClient, serializer: new MqttRecordSerializer() });
}

function kafka(): ClientKafka {
  const client = new ClientKafka({ producerOnlyMode: true });
  const send = ({ messages }: { messages: Array<{ value: unknown }> }): Promise<void> => {
    sent.push(...messages.map((one) => ({ context: new KafkaContext([one] as never), payload: one.value })));
    return Promise.resolve();
  };
  return Object.assign(client, { connect: async () => undefined, _producer: { send } });
}

function nats(options: object = {}): Client {
  const natsClient = {
    publish: (_subject: string, content: string, { headers: given }: { headers: never }) =>
      sent.push({ context: new NatsContext(['mail', given]), payload: parsed(content) }),
  };
  return new (class extends ClientNats {
    override async connect(): Promise<never> {
      return Object.assign(this, { natsClient }) as never;
    }
  })(options);
}

const natsHeaders = () => {
  const given = headers();
  for (const [name, value] of Object.entries(OTHERS)) given.append(name, value);
  return given;
};

/** A record that extends Nest's own, which its serializer takes for one. */
class OwnRecord extends RmqRecord {}

const rabbitOptions = { priority: 3, headers: OTHERS };
const ways: Array<[transport: string, create: () => Client, record: () => unknown, payload: unknown]> = [
  ['RabbitMQ', rabbit, () => 'text', 'text'],
  ['RabbitMQ', rabbit, () => new RmqRecordBuilder({ n: 1 }).setOptions(rabbitOptions).build(), { n: 1 }],
  ['RabbitMQ', rabbit, () => new RmqRecordBuilder({ n: 1 }).build(), { n: 1 }],
  ['RabbitMQ', rabbit, () => new OwnRecord({ n: 1 }, rabbitOptions), { n: 1 }],
  ['MQTT', mqtt, () => 'text', 'text'],
  ['MQTT', mqtt, () => new MqttRecordBuilder([1]).setProperties({ userProperties: OTHERS }).build(), [1]],
  ['MQTT', mqtt, () => new MqttRecordBuilder([1]).setQoS(1).build(), [1]],
  ['MQTT', mqtt, () => ({ constructor: { name: 'MqttRecord' } }), { constructor: { name: 'MqttRecord' } }],
  ['Kafka', kafka, () => 'text', 'text'],
  ['Kafka', kafka, () => ({ n: 1 }), '{"n":1}'],
  ['Kafka', kafka, () => ({ key: 'a', value: { n: 1 }, headers: OTHERS }), '{"n":1}'],
  ['NATS', nats, () => 'text', 'text'],
  ['NATS', nats, () => new NatsRecordBuilder({ n: 1 }).setHeaders(natsHeaders()).build(), { n: 1 }],
];

const as = <T>(id: string, work: () => T): T => runInScope({ tenant: defineTenant({ id, schema: `t_${id}` }) }, work);

const namedBy = ({ context }: Sent): string | undefined => messageHeader(context, TENANT_HEADER);

// TCP, Redis and NATS are in test/microservices.spec.ts, over the wire.
describe.each(ways)('a message by %s #%#', (_transport, create, record, payload) => {
  it('names its sender where the server reads it, and nobody else', async () => {
    await as('acme', () => lastValueFrom(sendTenant(create()).emit('mail', record()), { defaultValue: 0 }));

    expect(sent.map((one) => [namedBy(one), one.payload])).toEqual([['acme', payload]]);
  });

  it('may be sent by two at once, and is left as it was', async () => {
    const client = sendTenant(create());
    const shared = record();
    const before = structuredClone(shared);

    await Promise.all(
      ['acme', 'globex'].map((id) =>
        as(id, () => lastValueFrom(client.emit('mail', shared), { defaultValue: undefined })),
      ),
    );

    expect(sent.map(namedBy)).toEqual(['acme', 'globex']);
    expect(structuredClone(shared)).toEqual(before);
  });

  it('is not sent where there is nobody to name, and names nobody where it is the system’s', async () => {
    const client = sendTenant(create());

    await expect(lastValueFrom(client.emit('mail', 'text'), { defaultValue: 0 })).rejects.toMatchObject({
      code: 'TENANT_CONTEXT_MISSING',
    });
    expect(sent).toEqual([]);
    await runInScope({ system: true }, () => lastValueFrom(client.emit('mail', 'text'), { defaultValue: 0 }));
    expect(sent.map(namedBy)).toEqual([undefined]);
  });
});

describe('what a record says besides', () => {
  it('is sent as it is', async () => {
    const record = new RmqRecordBuilder(1).setOptions(rabbitOptions).build();
    await as('acme', () => lastValueFrom(sendTenant(rabbit()).emit('mail', record), { defaultValue: 0 }));
    const { properties } = (sent[0].context as RmqContext).getMessage() as { properties: object };
    expect(properties).toMatchObject({ priority: 3, headers: { trace: '1', 'x-tenant-id': 'acme' } });

    const at5 = new MqttRecordBuilder(1)
      .setQoS(1)
      .setProperties({ userProperties: OTHERS, correlationData: 'x' as never });
    await as('acme', () => lastValueFrom(sendTenant(mqtt()).emit('mail', at5.build()), { defaultValue: 0 }));
    expect((sent[1].context as MqttContext).getPacket()).toMatchObject({
      qos: 1,
      properties: { correlationData: 'x', userProperties: { trace: '1' } },
    });
  });

  it('is read by the server of MQTT', async () => {
    await as('acme', () => lastValueFrom(sendTenant(mqtt()).emit('mail', 'text'), { defaultValue: 0 }));
    const server = new ServerMqtt({});
    let named: unknown;
    server.addHandler(
      'mail',
      (async (_data: unknown, context: unknown) => {
        named = messageHeader(context, TENANT_HEADER);
      }) as never,
      true,
    );
    const packet = (sent[0].context as MqttContext).getPacket();

    await server.handleMessage('mail', Buffer.from('{"data":1}'), {}, packet);

    expect(named).toBe('acme');
  });
});

describe('several messages of Kafka at once', () => {
  const batch = { messages: [{ value: 'one' }, { value: 'two', headers: OTHERS }] };

  it('each name their sender', async () => {
    await as('acme', () => lastValueFrom(sendTenant(kafka()).emitBatch('mail', batch), { defaultValue: 0 }));

    expect(sent.map((one) => [namedBy(one), one.payload])).toEqual([
      ['acme', 'one'],
      ['acme', 'two'],
    ]);
    expect(batch).toEqual({ messages: [{ value: 'one' }, { value: 'two', headers: OTHERS }] });
  });

  it('are not sent where there is nobody to name', async () => {
    const sending = lastValueFrom(sendTenant(kafka()).emitBatch('mail', batch), { defaultValue: 0 });

    await expect(sending).rejects.toMatchObject({ code: 'TENANT_CONTEXT_MISSING' });
    expect(sent).toEqual([]);
  });
});

describe('a client', () => {
  class OwnClient extends ClientProxy {
    async connect(): Promise<void> {}
    async close(): Promise<void> {}
    protected publish(): () => void {
      return () => undefined;
    }
    protected async dispatchEvent<T>(): Promise<T> {
      return undefined as T;
    }
    unwrap<T>(): T {
      return undefined as T;
    }
  }

  it.each([
    ['that is not known', () => new OwnClient(), 'OwnClient is none of them'],
    ['of MQTT without headers', () => mqtt({}), 'protocolVersion: 5'],
    ['of RabbitMQ that names a tenant for all', () => rabbit({ headers: OTHERS }), 'Leave x-tenant-id out'],
    ['of MQTT that does', () => mqtt({ protocolVersion: 5, userProperties: OTHERS }), 'Leave x-tenant-id out'],
    ['of NATS that does', () => nats({ headers: OTHERS }), 'Leave x-tenant-id out'],
  ])('%s is refused', (_which, create, message) => {
    expect(() => sendTenant(create())).toThrow(TenancyOptionsError);
    expect(() => sendTenant(create())).toThrow(message);
  });
});

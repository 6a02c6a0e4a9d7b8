import { createRequire } from 'node:module';
import { TenancyOptionsError } from '../tenancy.errors.js';
import { TENANT_HEADER } from './message-header.js';

/** A message on its way out. */
export interface MessagePacket {
  pattern?: unknown;
  data?: unknown;
  metadata?: Record<string, unknown>;
}

/** Puts a tenant's id where the server of a transport reads the headers of a message. */
export type Attach = (packet: MessagePacket, id: string) => void;

type Headers = Readonly<Record<string, unknown>>;

/** What is used of the options of RabbitMQ's client, and of MQTT's. */
interface ClientOptions {
  readonly headers?: Headers;
  readonly userProperties?: Headers;
  readonly protocolVersion?: number;
}

/**
 * How a client of @nestjs/microservices is given the tenant, told by the fields of its class. One that is not known is
 * refused: nothing says that its server would read what is attached.
 */
export function attachBy(client: object): Attach {
  const { options } = client as { options?: ClientOptions };
  assertNamesNobody({ ...options?.headers, ...options?.userProperties });
  if ('socketClass' in client || 'pubClient' in client) return attachMetadata;
  if ('natsClient' in client) return attachToNats;
  if ('replyQueue' in client) return attachToRabbit;
  if ('producerOnlyMode' in client) return attachToKafka;
  if ('mqttClient' in client) return attachToMqtt(options?.protocolVersion);
  throw new TenancyOptionsError(
    `sendTenant() knows the clients of TCP, Redis, NATS, RabbitMQ, MQTT and Kafka, and ${client.constructor.name} is none of ` +
      `them. Put the header ${TENANT_HEADER} into its messages yourself, where its server reads it; gRPC has metadata.`,
  );
}

/** A message of Kafka with its headers, in a copy: whoever sends it may send it again as somebody else. */
export function kafkaMessage(data: unknown, id: string): object {
  const isMessage = isObject(data) && ('key' in data || 'value' in data);
  return isMessage
    ? copyOf(data, { headers: named((data as { headers?: Headers }).headers, id) })
    : messageOf(data, id);
}

const messageOf = (value: unknown, id: string): object => ({ value, headers: named(undefined, id) });

const attachMetadata: Attach = (packet, id) => {
  packet.metadata = named(packet.metadata, id);
};

const attachToKafka: Attach = (packet, id) => {
  packet.data = kafkaMessage(packet.data, id);
};

interface RabbitOptions {
  readonly headers?: Headers;
}

/** In a record that the application made, else in the options that the serializer would make of one. */
const attachToRabbit: Attach = (packet: MessagePacket & { options?: RabbitOptions }, id) => {
  const { data } = packet;
  if (!isRecord<{ options?: RabbitOptions }>(data, 'RmqRecord')) packet.options = { headers: named(undefined, id) };
  else packet.data = copyOf(data, { options: { ...data.options, headers: named(data.options?.headers, id) } });
};

interface MqttOptions {
  readonly properties?: { readonly userProperties?: Headers };
}

function attachToMqtt(version: number | undefined): Attach {
  if (version !== 5) {
    throw new TenancyOptionsError(
      'A message of MQTT has headers from version 5 on, and without them it names no tenant. Give the client and the server ' +
        'the option `protocolVersion: 5`.',
    );
  }
  // An optional package, of which there is a client here.
  const { MqttRecord } = createRequire(import.meta.url)('@nestjs/microservices') as {
    MqttRecord: new (data: unknown, options?: MqttOptions) => { options?: MqttOptions };
  };
  return (packet, id) => {
    const { data } = packet;
    const record = isRecord<{ options?: MqttOptions }>(data, 'MqttRecord') ? data : new MqttRecord(data);
    const { options } = record;
    const userProperties = named(options?.properties?.userProperties, id);
    packet.data = copyOf(record, { options: { ...options, properties: { ...options?.properties, userProperties } } });
  };
}

interface NatsHeaders extends Iterable<[name: string, values: string[]]> {
  append(name: string, value: string): void;
}

/**
 * NATS has headers of its own: in a record that the application made, else in the packet. A copy of them: the message is
 * sent a turn later, and a record that is used twice would then name whoever came last.
 */
const attachToNats: Attach = (packet: MessagePacket & { headers?: NatsHeaders }, id) => {
  const { data } = packet;
  const record = isRecord<{ headers?: NatsHeaders }>(data, 'NatsRecord') ? data : undefined;
  const headers = (createRequire(import.meta.url)('@nats-io/transport-node') as { headers(): NatsHeaders }).headers();
  for (const [name, values] of record?.headers ?? []) {
    if (!isTenantHeader(name)) for (const value of values) headers.append(name, value);
  }
  headers.append(TENANT_HEADER, id);
  if (!record) packet.headers = headers;
  else packet.data = copyOf(record, { headers });
};

/** Headers that name the tenant, and nobody else in any spelling. */
function named(headers: Headers | undefined, id: string): Record<string, unknown> {
  const others = Object.entries(headers ?? {}).filter(([name]) => !isTenantHeader(name));
  return { ...Object.fromEntries(others), [TENANT_HEADER]: id };
}

function isTenantHeader(name: string): boolean {
  return name.toLowerCase() === TENANT_HEADER;
}

/** Headers of a client go with each of its messages, beside those of the message. */
function assertNamesNobody(headers: Headers): void {
  if (!Object.keys(headers).some(isTenantHeader)) return;
  throw new TenancyOptionsError(
    `The options of a client that was given to sendTenant() name a tenant for all its messages. Leave ${TENANT_HEADER} out of them.`,
  );
}

function copyOf(record: object, changes: object): object {
  return Object.assign(Object.create(Object.getPrototypeOf(record) as object) as object, record, changes);
}

/** By the name of its class, or of one that it extends: never by a property of its own, which may be a client's JSON. */
function isRecord<T>(data: unknown, name: string): data is T & object {
  if (!isObject(data)) return false;
  let type: unknown = Object.getPrototypeOf(data);
  while (isObject(type) && type.constructor?.name !== name) type = Object.getPrototypeOf(type);
  return isObject(type);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

import { KafkaContext, MqttContext, NatsContext, RmqContext, TcpContext } from '@nestjs/microservices';
import { headers } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { InvalidTenantIdError } from '../tenancy.errors.js';
import { messageHeader, TENANT_HEADER } from './message-header.js';

function natsHeaders(...values: string[]): ReturnType<typeof headers> {
  const given = headers();
  for (const value of values) given.append('X-Tenant-ID', value);
  return given;
}

/** As gRPC's Metadata is: it is the context itself. */
const grpcMetadata = (...values: string[]) => ({
  getMap: () => ({ [TENANT_HEADER]: values[0] }),
  toJSON: () => ({ [TENANT_HEADER]: values }),
});

const kafka = (value: unknown) => new KafkaContext([{ headers: { 'x-tenant-id': value } }] as never);
const rabbit = (value: unknown) => new RmqContext([{ properties: { headers: { 'X-Tenant-Id': value } } }] as never);
const mqtt = (value: unknown) =>
  new MqttContext(['notes', { properties: { userProperties: { 'x-tenant-id': value } } }] as never);
const tcp = (metadata: unknown) => new TcpContext([undefined, 'who', metadata] as never);

// Over the wire, TCP, Redis and NATS are in test/microservices.spec.ts.
describe('the header that names the tenant of a message', () => {
  it.each([
    ['TCP', tcp({ 'x-tenant-id': 'acme' })],
    ['NATS', new NatsContext(['who', natsHeaders('acme')] as never)],
    ['Kafka, as bytes', kafka(Buffer.from('acme'))],
    ['RabbitMQ', rabbit('acme')],
    ['MQTT', mqtt('acme')],
    ['gRPC', grpcMetadata('acme')],
  ])('is found in a message by %s', (_transport, context) => {
    expect(messageHeader(context, TENANT_HEADER)).toBe('acme');
  });

  it.each([
    ['in two spellings', tcp({ 'x-tenant-id': 'acme', 'X-Tenant-ID': 'acme' })],
    ['twice by NATS', new NatsContext(['who', natsHeaders('acme', 'globex')] as never)],
    ['twice by Kafka', kafka(['acme', 'globex'])],
    ['twice by MQTT', mqtt(['acme', 'globex'])],
    ['twice by gRPC', grpcMetadata('acme', 'globex')],
  ])('is refused where it is there %s', (_how, context) => {
    expect(() => messageHeader(context, TENANT_HEADER)).toThrow('2 values');
  });

  it.each([
    [undefined],
    [null],
    ['text'],
    [{}],
    [tcp(undefined)],
    [tcp({})],
    [tcp([])],
    [tcp('text')],
    [kafka(null)],
    [new NatsContext(['who'] as never)],
  ])('is not there, and that is no error: %#', (context) => {
    expect(messageHeader(context, TENANT_HEADER)).toBeUndefined();
  });

  // What TCP and Redis have of it is whatever JSON the sender wrote.
  it.each([[[1]], [[null]], [['text']], [[[]]], [[[1, 2]]], [[['x-tenant-id', 'acme'], null]], [[[null, 'acme']]]])(
    'is refused where the headers are none: %j',
    (metadata) => {
      expect(() => messageHeader(tcp(metadata), TENANT_HEADER)).toThrow(InvalidTenantIdError);
    },
  );
});

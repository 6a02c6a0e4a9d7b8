import { InvalidTenantIdError } from '../tenancy.errors.js';

/** The header of a message that names its tenant. */
export const TENANT_HEADER = 'x-tenant-id';

/** What the contexts of Nest's transports have of a message's headers. */
interface MessageContext {
  /** TCP, Redis. */
  getMetadata?(): unknown;
  /** NATS. */
  getHeaders?(): unknown;
  /** Kafka, RabbitMQ. */
  getMessage?(): unknown;
  /** MQTT. */
  getPacket?(): unknown;
  /** gRPC, whose context is the metadata itself. */
  getMap?(): unknown;
}

/** A header of a message, by whichever transport it came. One that is given more than once is refused. */
export function messageHeader(context: unknown, name: string): string | undefined {
  const values = headersOf(context)
    .flatMap((headers) => entriesOf(headers, name))
    .filter(([key]) => key.toLowerCase() === name)
    .flatMap(([, value]) => value)
    .filter((value) => value !== undefined && value !== null);
  if (values.length > 1) throw new InvalidTenantIdError(`${values.length} values`, `message header ${name}`);
  const [value] = values;
  // Kafka's are bytes. Whatever else is there is handed on, and refused as an id.
  return (Buffer.isBuffer(value) ? value.toString() : value) as string | undefined;
}

function headersOf(context: unknown): object[] {
  if (!isObject(context)) return [];
  const { getMetadata, getHeaders, getMessage, getPacket, getMap } = context as MessageContext;
  const message = getMessage?.call(context);
  return [
    getMetadata?.call(context),
    getHeaders?.call(context),
    property(message, 'headers'),
    property(property(message, 'properties'), 'headers'),
    property(property(getPacket?.call(context), 'properties'), 'userProperties'),
    getMap && context,
  ].filter(isObject);
}

type Entry = [name: string, value: unknown];

function isEntry(entry: unknown): entry is Entry {
  return Array.isArray(entry) && typeof entry[0] === 'string';
}

/** Names and values; NATS and gRPC have a list of values for each name. */
function entriesOf(headers: object, name: string): Entry[] {
  if (Symbol.iterator in headers) {
    const entries = [...(headers as Iterable<unknown>)];
    // TCP's and Redis's are whatever JSON the sender wrote.
    if (!entries.every(isEntry)) throw new InvalidTenantIdError(entries, `message header ${name}`);
    return entries;
  }
  const { toJSON } = headers as { toJSON?: () => object };
  return Object.entries(typeof toJSON === 'function' ? toJSON.call(headers) : headers);
}

function property(value: unknown, name: string): unknown {
  return isObject(value) ? (value as Record<string, unknown>)[name] : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

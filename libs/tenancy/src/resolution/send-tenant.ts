import { createRequire } from 'node:module';
import type { Observable } from 'rxjs';
import { keepTenant } from '../context/keep-tenant.js';
import { tenantOfScope } from '../context/tenant-context.js';
import { currentScope } from '../context/tenancy-scope.js';
import { TENANT_HEADER } from './message-header.js';

/** What is used of a `ClientProxy` of @nestjs/microservices. */
export interface MessageClient {
  setOnDispatchHook(hook: (packet: MessagePacket) => void): void;
}

/** A message on its way out. */
export interface MessagePacket {
  pattern?: unknown;
  data?: unknown;
  metadata?: Record<string, unknown>;
}

/**
 * Lets a client name the current tenant in each message that it sends, by TCP, Redis or NATS. Where there is none nothing is
 * sent: `TenantContextMissingError`. What the system sends (`runAsSystem`) names nobody. Answers are heard in the scope of
 * whoever asked.
 *
 * @example
 * constructor(@Inject('MAIL') client: ClientProxy) {
 *   this.mail = sendTenant(client);
 * }
 */
export function sendTenant<T extends MessageClient>(client: T): T {
  // A tracer may have a hook there already, and there is one place for it.
  const { onDispatchHook: earlier } = client as { onDispatchHook?: Hook };
  const own = hooks.get(client);
  // What is REQUEST-scoped gives the same client with each request: wrapped each time, it would overflow the stack.
  if (own && own === earlier) return client;
  const attach = 'natsClient' in client ? attachToNats : attachMetadata;
  const hook: Hook = (packet) => {
    earlier?.(packet);
    const scope = currentScope();
    if (!scope?.system) attach(packet, tenantOfScope(scope).id);
  };
  client.setOnDispatchHook(hook);
  if (!own) hearWhereAsked(client as Sends);
  hooks.set(client, hook);
  return client;
}

type Hook = (packet: MessagePacket) => void;

/** The hook that each client was given. */
const hooks = new WeakMap<MessageClient, Hook>();

type Sends = Partial<Record<'send' | 'emit', (...args: unknown[]) => Observable<unknown>>>;

/** Answers come by the one connection of a client, whose context is that of its first user. */
function hearWhereAsked(client: Sends): void {
  const { send, emit } = client;
  if (send) client.send = (...args) => send.apply(client, args).pipe(keepTenant());
  if (emit) client.emit = (...args) => emit.apply(client, args).pipe(keepTenant());
}

function attachMetadata(packet: MessagePacket, id: string): void {
  const others = Object.entries(packet.metadata ?? {}).filter(([name]) => name.toLowerCase() !== TENANT_HEADER);
  packet.metadata = { ...Object.fromEntries(others), [TENANT_HEADER]: id };
}

interface NatsHeaders extends Iterable<[name: string, values: string[]]> {
  append(name: string, value: string): void;
}

/**
 * NATS has headers of its own: in a record that the application made, else in the packet. A copy of them: the message is
 * sent a turn later, and a record that is used twice would then name whoever came last.
 */
function attachToNats(packet: MessagePacket & { headers?: NatsHeaders }, id: string): void {
  const { data } = packet;
  const record = isNatsRecord(data) ? data : undefined;
  const headers = (createRequire(import.meta.url)('@nats-io/transport-node') as { headers(): NatsHeaders }).headers();
  for (const [name, values] of record?.headers ?? []) {
    if (name.toLowerCase() !== TENANT_HEADER) for (const value of values) headers.append(name, value);
  }
  headers.append(TENANT_HEADER, id);
  if (!record) packet.headers = headers;
  else
    packet.data = Object.assign(Object.create(Object.getPrototypeOf(record) as object) as object, record, { headers });
}

function isNatsRecord(data: unknown): data is { headers?: NatsHeaders } {
  return typeof data === 'object' && data !== null && data.constructor?.name === 'NatsRecord';
}

import type { Observable } from 'rxjs';
import { throwError } from 'rxjs';
import { keepTenant } from '../context/keep-tenant.js';
import { tenantOfScope } from '../context/tenant-context.js';
import { currentScope } from '../context/tenancy-scope.js';
import type { MessagePacket } from './attach-tenant.js';
import { attachBy, kafkaMessage } from './attach-tenant.js';

export type { MessagePacket } from './attach-tenant.js';

/** What is used of a `ClientProxy` of @nestjs/microservices. */
export interface MessageClient {
  setOnDispatchHook(hook: (packet: MessagePacket) => void): void;
}

/**
 * Lets a client name the current tenant in each message that it sends, by TCP, Redis, NATS, RabbitMQ, MQTT 5 or Kafka, and
 * nobody else: a record's own header of that name is left out. Where there is none nothing is sent:
 * `TenantContextMissingError`. What the system sends (`runAsSystem`) names nobody. Answers are heard in the scope of whoever
 * asked. Throws `TenancyOptionsError` for any other client. A serializer of your own for RabbitMQ has to keep the `options`
 * of what it is given.
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
  const attach = attachBy(client);
  const hook: Hook = (packet) => {
    earlier?.(packet);
    const id = idToSend();
    if (id !== undefined) attach(packet, id);
  };
  client.setOnDispatchHook(hook);
  if (!own) hearWhereAsked(client);
  hooks.set(client, hook);
  return client;
}

type Hook = (packet: MessagePacket) => void;

/** The hook that each client was given. */
const hooks = new WeakMap<MessageClient, Hook>();

/** Whom a message names that is sent now; `undefined` for the system's. */
function idToSend(): string | undefined {
  const scope = currentScope();
  return scope?.system ? undefined : tenantOfScope(scope).id;
}

type Send = (...args: unknown[]) => Observable<unknown>;
type Sends = Partial<Record<'send' | 'emit', Send>> & {
  /** Kafka's, which no hook is told of. */
  emitBatch?(pattern: unknown, batch: Batch): Observable<unknown>;
};

interface Batch {
  readonly messages: readonly unknown[];
}

/** Answers come by the one connection of a client, whose context is that of its first user. */
function hearWhereAsked(client: Sends): void {
  const { send, emit, emitBatch } = client;
  if (send) client.send = (...args) => send.apply(client, args).pipe(keepTenant());
  if (emit) client.emit = (...args) => emit.apply(client, args).pipe(keepTenant());
  if (!emitBatch) return;
  client.emitBatch = (pattern, batch) => {
    try {
      return emitBatch.call(client, pattern, withTenant(batch)).pipe(keepTenant());
    } catch (error) {
      return throwError(() => error);
    }
  };
}

function withTenant(batch: Batch): Batch {
  const id = idToSend();
  return id === undefined || !batch
    ? batch
    : { ...batch, messages: batch.messages.map((one) => kafkaMessage(one, id)) };
}

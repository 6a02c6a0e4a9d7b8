import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import { Logger } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { of, throwError } from 'rxjs';
import { belongsToNobody } from '../context/belongs-to-nobody.js';
import { currentScope } from '../context/tenancy-scope.js';
import type { TenancyError } from '../tenancy.errors.js';
import type { Problem } from './problem.js';

/** What @nestjs/microservices marks a handler of events with, and its value there. */
const HANDLER_METADATA = 'microservices:handler_type';
const EVENT = 2;

/** How long a message that is given back stays here first. Longer, and what its consumer may take besides would wait too. */
const PAUSE = 1_000;

interface RabbitMessage {
  readonly properties?: { readonly replyTo?: unknown };
}

/** What is used of the contexts of RabbitMQ and Kafka. */
interface BrokerContext {
  getMessage?(): RabbitMessage & { readonly headers?: Readonly<Record<string, unknown>> };
  getChannelRef?(): { nack(message: object, allUpTo: boolean, requeue: boolean): void };
  getPartition?(): unknown;
}

/** What is used of a server of @nestjs/microservices; `noAck` and `handleMessage` are RabbitMQ's. */
interface MessageServer {
  readonly noAck?: boolean;
  handleMessage?(message: object | null, channel: unknown): unknown;
}

interface Arrival {
  readonly isEvent: boolean;
  /** Whether one of its handlers belongs to no tenant, and runs although the others are refused. */
  readonly isHandled: boolean;
}

/** By the context that a server made of the message. */
const arrivals = new WeakMap<object, Arrival>();
/** Messages of RabbitMQ that wait for an acknowledgement. For any other one it would close the channel. */
const unsettled = new WeakSet<object>();
const logger = new Logger('TenancyModule');

/** Remembers which messages have to be acknowledged by hand: their contexts do not say so. */
export function noteUnsettled(modules: ModulesContainer): void {
  modules.getRpcTargetRegistry<MessageServer>().subscribe((server) => {
    const { noAck, handleMessage } = server;
    if (noAck !== false || !handleMessage) return;
    server.handleMessage = (message, channel) => {
      if (message) unsettled.add(message);
      return handleMessage.call(server, message, channel);
    };
  });
}

/** Remembers that a message is on its way to a handler; an event may have several. */
export function noteArrival(context: ExecutionContext): void {
  const broker = context.switchToRpc().getContext<object | undefined>();
  if (typeof broker !== 'object' || broker === null) return;
  const handler = context.getHandler();
  const isEvent = Reflect.getMetadata(HANDLER_METADATA, handler) === EVENT;
  const isHandled = arrivals.get(broker)?.isHandled || belongsToNobody(handler, context.getClass());
  arrivals.set(broker, { isEvent, isHandled });
}

/**
 * Lets a broker go on with what comes after a message that was refused before its handler: where it waits for what becomes of
 * it, one tenant’s would stop everybody’s. `undefined` where nothing waits, and where the handler has run: what that throws is
 * its own to settle.
 */
export function settleRefused(
  host: ArgumentsHost,
  error: TenancyError,
  problem: Problem,
): Observable<unknown> | undefined {
  const broker = host.switchToRpc().getContext<BrokerContext | undefined>();
  const arrival = broker && arrivals.get(broker);
  if (!arrival || error !== currentScope()?.refusal) return undefined;
  if (broker.getChannelRef) settleRabbit(broker, arrival, error, problem);
  return broker.getPartition && isEventOfKafka(broker, arrival) ? settleKafka(error, problem) : undefined;
}

/** Given back to be tried again, or refused for good: to the queue of dead letters, where there is one. */
function settleRabbit(broker: BrokerContext, arrival: Arrival, error: TenancyError, problem: Problem): void {
  const message = broker.getMessage?.();
  // What a handler acknowledges, or another one's refusal has settled, must not be settled twice: that closes the channel.
  if (arrival.isHandled || !message || !unsettled.delete(message)) return;
  const settle = (requeue: boolean): void => {
    try {
      broker.getChannelRef?.().nack(message, false, requeue);
    } catch {
      // The channel was closed: the broker hands out by itself what it had not heard of.
    }
  };
  // Who waits for an answer is told, and asks again himself.
  if (isTemporary(problem) && message.properties?.replyTo === undefined) {
    setTimeout(() => settle(true), PAUSE).unref();
    return;
  }
  logger.warn(`A message was refused for good. ${error.message}`);
  settle(false);
}

/** What is thrown here stops the consumer at this message: only what will pass, which kafkajs tries again after a while. */
function settleKafka(error: TenancyError, problem: Problem): Observable<unknown> | undefined {
  if (isTemporary(problem)) return throwError(() => error);
  if (problem.status >= 500) return undefined;
  logger.warn(`An event was refused and passed over. ${error.message}`);
  return of(undefined);
}

/** As the server tells them apart: what asks for no answer is an event too. */
function isEventOfKafka(broker: BrokerContext, { isEvent }: Arrival): boolean {
  const headers = broker.getMessage?.().headers;
  return isEvent || !headers?.['kafka_correlationId'] || !headers['kafka_replyTopic'];
}

function isTemporary({ retryAfter }: Problem): boolean {
  return retryAfter !== undefined;
}

import type { EventEmitter } from 'node:events';
import type { ArgumentsHost } from '@nestjs/common';

/** A call of gRPC, unary or streamed. */
export interface GrpcCall extends EventEmitter {
  readonly metadata: unknown;
}

/** The call that a handler was given: as the third of its arguments, or alone, as `@GrpcStreamCall()` is. */
export function grpcCallOf(host: ArgumentsHost): GrpcCall | undefined {
  return [host.getArgByIndex<unknown>(2), host.getArgByIndex<unknown>(0)].find(isGrpcCall);
}

/**
 * Refuses a call that Nest has handed over to `@GrpcStreamCall()`, where it is one: Nest hears no more of it, and what is thrown
 * there ends the process.
 */
export function refuseHandedOver(host: ArgumentsHost, error: object): boolean {
  const [call, answer] = host.getArgs<[unknown, unknown]>();
  if (!isGrpcCall(call)) return false;
  if (typeof answer === 'function') answer(error, null);
  else call.emit('error', error);
  return true;
}

// By a method: what a client sends has none.
function isGrpcCall(value: unknown): value is GrpcCall {
  return typeof value === 'object' && value !== null && 'getPeer' in value && typeof value.getPeer === 'function';
}

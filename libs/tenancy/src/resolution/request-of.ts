import type { ExecutionContext } from '@nestjs/common';
import { handshakeOf } from './socket-handshake.js';
import type { TenantRequest } from './tenant-request.js';

/**
 * The request that a guard or an interceptor stands in: of a message of a socket its handshake; `undefined` where there is
 * none. GraphQL keeps it in the context that its resolvers are given third.
 */
export function requestOf(context: ExecutionContext): TenantRequest | undefined {
  switch (context.getType<string>()) {
    case 'http':
      return context.switchToHttp().getRequest<TenantRequest>();
    case 'graphql':
      return context.getArgByIndex<{ req?: TenantRequest } | undefined>(2)?.req;
    case 'ws':
      return handshakeOf(context.switchToWs().getClient<object>());
    default:
      return undefined;
  }
}

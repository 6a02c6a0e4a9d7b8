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
      return requestOfQuery(context.getArgByIndex<GraphQLContext | undefined>(2));
    case 'ws':
      return handshakeOf(context.switchToWs().getClient<object>());
    default:
      return undefined;
  }
}

interface GraphQLContext {
  readonly req?: TenantRequest;
  /** Of a subscription with Mercurius: the request of its handshake. */
  readonly request?: TenantRequest;
  /** Where a guard, or what hears of a new connection, may have left the caller. */
  readonly user?: unknown;
}

function requestOfQuery(context: GraphQLContext | undefined): TenantRequest | undefined {
  const request = context?.req ?? context?.request;
  if (!request || !context?.user || (request.user ?? request.raw?.user)) return request;
  // The same request in all else: a copy would lose what is inherited, or what an application reads the caller from.
  return Object.create(request, { user: { value: context.user } }) as TenantRequest;
}

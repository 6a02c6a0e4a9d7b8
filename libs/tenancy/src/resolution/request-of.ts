import type { ExecutionContext } from '@nestjs/common';
import type { TenantRequest } from './tenant-request.js';

/** The request of what is about to run. GraphQL keeps it in the context that its resolvers are given third. */
export function requestOf(context: ExecutionContext): TenantRequest | undefined {
  switch (context.getType<string>()) {
    case 'http':
      return context.switchToHttp().getRequest<TenantRequest>();
    case 'graphql':
      return context.getArgByIndex<{ req?: TenantRequest } | undefined>(2)?.req;
    default:
      return undefined;
  }
}

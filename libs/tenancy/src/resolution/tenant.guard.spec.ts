import { Reflector } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { describe, expect, it } from 'vitest';
import { ResolveTenantBy } from '../decorators/resolve-tenant-by.decorator.js';
import { TenancyOptionsError } from '../tenancy.errors.js';
import { HeaderTenantResolver } from './resolvers/header.resolver.js';
import { runInScope } from '../context/tenancy-scope.js';
import { TenantGuard } from './tenant.guard.js';

// Requests are in test/route-resolvers.spec.ts, where an adapter answers them.
class Handlers {
  @ResolveTenantBy(new HeaderTenantResolver())
  decorated(): void {}

  plain(): void {}
}

const guard = new TenantGuard(new Reflector(), undefined as never);

function contextOf(type: string, handler: () => void): ExecutionContextHost {
  const context = new ExecutionContextHost([], Handlers, handler);
  context.setType(type);
  return context;
}

describe.each(['graphql', 'ws', 'rpc'])('a handler that is no HTTP route: %s', (type) => {
  it('cannot have resolvers of its own, and says so', () => {
    const refused = () => guard.canActivate(contextOf(type, Handlers.prototype.decorated));

    expect(refused).toThrow(TenancyOptionsError);
    expect(refused).toThrow('Handlers.decorated() is decorated with @ResolveTenantBy(), which is for HTTP routes.');
  });

  it('is no matter without them', () => {
    expect(runInScope({}, () => guard.canActivate(contextOf(type, Handlers.prototype.plain)))).toBe(true);
  });
});

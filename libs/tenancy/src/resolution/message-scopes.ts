import type { ExecutionContext } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { defer, mergeMap, Observable } from 'rxjs';
import type { TenancyScope } from '../context/tenancy-scope.js';
import { runInScope } from '../context/tenancy-scope.js';
import { TenancyError, TenantRequiredError } from '../tenancy.errors.js';
import type { TenantIdValidator } from '../tenants/tenant-id.js';
import type { TenantService } from '../tenants/tenant.service.js';
import { grpcCallOf } from './grpc-call.js';
import { keepEvents } from './keep-events.js';
import { messageHeader, TENANT_HEADER } from './message-header.js';
import { markOpened } from './opened-messages.js';
import { noteArrival } from './refused-messages.js';

/**
 * Gives each message of a microservice a scope, with its guards, interceptors and filters. The header `x-tenant-id` names
 * the tenant, as `sendTenant()` attaches it; it is looked up when the message arrives, and must be active then.
 */
export class MessageScopes {
  constructor(
    config: ApplicationConfig,
    private readonly tenants: TenantService,
    private readonly ids: TenantIdValidator,
    private readonly required: boolean,
  ) {
    config.registerPreRequestHook((context, next) => {
      noteArrival(context);
      return defer(() => this.open(context)).pipe(
        mergeMap((scope) => {
          // What a client streams is told in the context of its connection.
          const call = grpcCallOf(context);
          if (call) keepEvents(call, scope);
          markOpened(context);
          return inScope(scope, next);
        }),
      );
    });
  }

  private async open(context: ExecutionContext): Promise<TenancyScope> {
    try {
      const id = messageHeader(headersOf(context), TENANT_HEADER);
      if (id !== undefined) return { tenant: await this.tenants.getTenant(this.ids.parse(id, SOURCE)) };
      return this.required ? { refusal: new TenantRequiredError([SOURCE]) } : {};
    } catch (error) {
      if (error instanceof TenancyError) return { refusal: error };
      throw error;
    }
  }
}

const SOURCE = `message header ${TENANT_HEADER}`;

function headersOf(context: ExecutionContext): unknown {
  return grpcCallOf(context)?.metadata ?? context.switchToRpc().getContext();
}

/** Whatever hears of the result too, a filter above all, hears of it in the scope. */
function inScope(scope: TenancyScope, next: () => Observable<unknown>): Observable<unknown> {
  return new Observable((subscriber) => {
    const subscription = runInScope(scope, () => next().subscribe(subscriber));
    return () => runInScope(scope, () => subscription.unsubscribe());
  });
}

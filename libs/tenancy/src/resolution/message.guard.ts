import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import type { ModulesContainer, Reflector } from '@nestjs/core';
import { currentScope } from '../context/tenancy-scope.js';
import { TenantContextMissingError } from '../tenancy.errors.js';
import { refuseHandedOver } from './grpc-call.js';
import { belongsToNoTenant } from './handler-tenancy.js';
import { markHandlers } from './mark-handlers.js';
import { isOpened } from './opened-messages.js';
import { problemOf } from './problem.js';

/** What @nestjs/microservices marks a handler of messages with. */
const PATTERN_METADATA = 'microservices:pattern';

/** Refuses what no scope was opened for: a microservice that is connected without `inheritAppConfig` opens none. */
class MessageGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (this.isProven(context)) return true;
    const error = new TenantContextMissingError(
      `${context.getClass().name}.${context.getHandler().name}() got a message that no tenant was looked up for. Connect the ` +
        'microservice with { inheritAppConfig: true }, or mark the handler with @BypassTenancy().',
    );
    const { detail, code } = problemOf(error);
    if (!refuseHandedOver(context, { status: 'error', message: detail, code })) throw error;
    // There is no filter of the module's either, and what is thrown would end the process. The call has been answered.
    return new Promise(() => undefined);
  }

  private isProven(context: ExecutionContext): boolean {
    const scope = currentScope();
    // A handler that is one of routes or of sockets too: those have their own guard.
    if (context.getType<string>() !== 'rpc' && scope && !scope.system) return true;
    if (isOpened(context)) return true;
    // What the connection was opened in is nobody's who sends a message: not the tenant's, nor the system's.
    return !scope?.tenant && !scope?.system && belongsToNoTenant(this.reflector, context);
  }
}

/**
 * Gives each handler of messages a guard of its own: Nest leaves global ones out of a microservice that does not take over
 * the application's.
 */
export function addMessageGuard(modules: ModulesContainer, reflector: Reflector): void {
  markHandlers(modules, PATTERN_METADATA, GUARDS_METADATA, new MessageGuard(reflector));
}

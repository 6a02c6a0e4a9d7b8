import { Inject } from '@nestjs/common';
import { keepMetadata } from '../context/keep-metadata.js';
import { TenantContext } from '../context/tenant-context.js';
import { InvalidTenantIdError, TenancyOptionsError } from '../tenancy.errors.js';

type AnyMethod = (...args: never[]) => unknown;

/** Where the decorated class keeps the context that Nest injects into it. */
const CONTEXT = Symbol('tenancy:context');

/**
 * Runs a method of any provider as a tenant, with no request needed: a job, a cron, a gateway's handler. The id is given,
 * or read from the method's arguments at each call. The tenant is looked up then, and must be active: a decorated method
 * always returns a promise.
 *
 * @example
 * class Sender {
 *   @WithTenant((job: Job<{ tenantId: string }>) => job.data.tenantId)
 *   async process(job: Job<{ tenantId: string }>) {}
 * }
 */
export function WithTenant<Args extends unknown[] = []>(
  tenantId: string | ((...args: Args) => string | Promise<string>),
): <M extends (...args: [...Args, ...never[]]) => unknown>(
  target: object,
  property: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
) => void {
  return (target, property, descriptor) => {
    const method = descriptor.value as AnyMethod | undefined;
    if (!method || typeof target === 'function') {
      throw new TenancyOptionsError(`@WithTenant() is for methods of objects; ${String(property)} is none.`);
    }
    if (!Reflect.hasMetadata(CONTEXT, target)) {
      Reflect.defineMetadata(CONTEXT, true, target);
      Inject(TenantContext)(target, CONTEXT);
    }
    async function runAsTenant(this: { [CONTEXT]?: TenantContext }, ...args: Args): Promise<unknown> {
      const context = this[CONTEXT];
      if (!context) {
        throw new TenancyOptionsError(
          `${target.constructor.name}.${String(property)}() is decorated with @WithTenant(), and its object was not made ` +
            'by Nest: register its class as a provider in an application that imports TenancyModule.',
        );
      }
      const id = typeof tenantId === 'string' ? tenantId : await tenantId(...args);
      // An id alone: a whole tenant in a job's data is one of the time when it was enqueued.
      if (typeof id !== 'string') throw new InvalidTenantIdError(id, '@WithTenant()', 'An id is a string.');
      return context.run(id, () => Reflect.apply(method!, this, args));
    }
    keepMetadata(method, runAsTenant);
    descriptor.value = runAsTenant as never;
  };
}

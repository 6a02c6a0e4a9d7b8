import { CacheInterceptor } from '@nestjs/cache-manager';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { Injectable, Logger } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { ModuleRef } from '@nestjs/core';

type Made = Readonly<Record<string, unknown>>;

/** Says at start which of Nest's global guards and interceptors know no tenant, and what to use instead. */
@Injectable()
export class TenantlessGlobals implements OnApplicationBootstrap {
  private readonly logger = new Logger('TenancyModule');

  constructor(private readonly modules: ModuleRef) {}

  onApplicationBootstrap(): void {
    const config = applicationConfigOf(this.modules);
    if (!config) return;
    const interceptors = [...config.getGlobalInterceptors(), ...prototypes(config.getGlobalRequestInterceptors())];
    if (interceptors.some((one) => isTenantless(one, CacheInterceptor.name, ['trackBy', 'intercept']))) {
      this.logger.warn(
        "The global CacheInterceptor knows no tenant: what it kept of one tenant's answers it gives to the next who asks " +
          'for the same address. Use TenantCacheInterceptor of nestjs-tenancy/caching instead.',
      );
    }
    const guards = [...config.getGlobalGuards(), ...prototypes(config.getGlobalRequestGuards())];
    if (guards.some((one) => isTenantless(one, 'ThrottlerGuard', ['getTracker', 'generateKey', 'handleRequest']))) {
      this.logger.warn(
        'The global ThrottlerGuard knows no tenant: tenants that share an address use up each other’s limit. Use ' +
          'TenantThrottlerGuard, or all of TenantThrottlerModule, of nestjs-tenancy/throttler instead.',
      );
    }
  }
}

/**
 * Whether it is Nest's class, or one of it that changes nothing of how keys are made. By its name: of a package that may
 * not be there, and may be there twice.
 */
function isTenantless(made: object, className: string, keyMethods: readonly string[]): boolean {
  let original: object | null = made;
  while (original && !(Object.hasOwn(original, 'constructor') && original.constructor.name === className)) {
    original = Object.getPrototypeOf(original) as object | null;
  }
  if (!original) return false;
  const own = made as Made;
  return keyMethods.every((method) => own[method] === (original as Made)[method] && !isGiven(own.options, method));
}

/** Whether the options of ThrottlerModule make the keys, for all throttlers or for each of them. */
function isGiven(options: unknown, method: string): boolean {
  if (Array.isArray(options)) return options.length > 0 && options.every((one) => isGiven(one, method));
  if (typeof options !== 'object' || options === null) return false;
  const { [method]: given, throttlers } = options as Made;
  return typeof given === 'function' || isGiven(throttlers, method);
}

/** Of one that is made for each request there is only the class yet. */
function prototypes(wrappers: ReadonlyArray<{ readonly metatype: unknown }>): object[] {
  return wrappers.flatMap(({ metatype }) => (typeof metatype === 'function' ? [metatype.prototype as object] : []));
}

/** Nest gives the list of what is global to nobody but its own classes; without it there is no warning. */
function applicationConfigOf(modules: ModuleRef): ApplicationConfig | undefined {
  const { container } = modules as unknown as { container?: { applicationConfig?: ApplicationConfig } };
  return container?.applicationConfig;
}

import type { ModulesContainer } from '@nestjs/core';
import { TenancyOptionsError } from './tenancy.errors.js';
import { TENANCY_OPTIONS } from './tenancy.tokens.js';

/**
 * Refuses a second `TenancyModule` in one application. Each request would meet both, and the options of whichever came last
 * would decide: those of a stricter one would be void, and nobody would hear of it.
 */
export function assertOneModule(modules: ModulesContainer): void {
  const count = [...modules.values()].filter(({ providers }) => providers.has(TENANCY_OPTIONS)).length;
  if (count < 2) return;
  throw new TenancyOptionsError(
    `TenancyModule is in this application ${count} times, each with options of its own, and a request can follow one of them. ` +
      'Call forRoot() or forRootAsync() once, in the root module. Mark routes that find their tenant in another way with ' +
      '@ResolveTenantBy(), those of nobody with @BypassTenancy(). Where several modules import it, import what one call returned.',
  );
}

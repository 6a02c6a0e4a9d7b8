import type { ExceptionFilter } from '@nestjs/common';
import { EXCEPTION_FILTERS_METADATA } from '@nestjs/common/constants.js';
import type { ModulesContainer } from '@nestjs/core';
import { isGateway } from './is-gateway.js';

/**
 * Gives each gateway a filter, as `@UseFilters()` does: Nest leaves global filters out of gateways. It comes before the
 * gateway's own in the list, and so after them in effect.
 */
export function addGatewayFilter(modules: ModulesContainer, filter: ExceptionFilter): void {
  for (const { providers } of modules.values()) {
    for (const { metatype } of providers.values()) {
      if (!isGateway(metatype)) continue;
      const own = (Reflect.getMetadata(EXCEPTION_FILTERS_METADATA, metatype) ?? []) as unknown[];
      if (own.some((other) => (other as object).constructor === filter.constructor)) continue;
      Reflect.defineMetadata(EXCEPTION_FILTERS_METADATA, [filter, ...own], metatype);
    }
  }
}

import type { CustomDecorator } from '@nestjs/common';
import { SetMetadata } from '@nestjs/common';
import { BYPASS_TENANCY } from '../tenancy.tokens.js';

/**
 * Marks a route, or all routes of a controller, as belonging to no tenant: it needs none, and sees none even where the
 * request names one. Tenant-bound repositories refuse to work there. A controller that extends a marked one is marked itself,
 * or its own handlers need a tenant; a handler that is marked stays so where it is inherited.
 *
 * @example
 * @Get('health')
 * @BypassTenancy()
 * check() {
 *   return { status: 'ok' };
 * }
 */
export const BypassTenancy = (): CustomDecorator<symbol> => SetMetadata(BYPASS_TENANCY, true);

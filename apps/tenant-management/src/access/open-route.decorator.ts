import type { CustomDecorator } from '@nestjs/common';
import { SetMetadata } from '@nestjs/common';

export const OPEN_ROUTE = Symbol('OPEN_ROUTE');

/** Marks routes that need no service token. */
export const OpenRoute = (): CustomDecorator<symbol> => SetMetadata(OPEN_ROUTE, true);

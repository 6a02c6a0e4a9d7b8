import type { ExecutionContext } from '@nestjs/common';
import { createParamDecorator } from '@nestjs/common';

/** What the guard leaves on a request. */
export interface CalledRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  caller?: string;
}

/** The fingerprint of the token that the request came with: who it was, for the log. */
export const Caller: () => ParameterDecorator = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<CalledRequest>().caller ?? 'unknown',
);

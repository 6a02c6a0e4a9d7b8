import type { ExecutionContext } from '@nestjs/common';
import { createParamDecorator } from '@nestjs/common';
import { ProblemException } from './problem.exception.js';

/**
 * The version that the request is meant for: its `If-Match` without the quotes, `undefined` without one and for `*`.
 * Refuses what cannot be compared: several versions, and one that is not quoted.
 */
export const IfMatch: () => ParameterDecorator = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  versionOf(context.switchToHttp().getRequest<{ headers: Record<string, unknown> }>().headers['if-match']),
);

function versionOf(header: unknown): string | undefined {
  if (header === undefined || header === '*') return undefined;
  // A weak one too: whatever changed it on the way says that the bytes are not those that were sent, and they need not be.
  const version = typeof header === 'string' ? /^(?:W\/)?"([\x21\x23-\x7e]*)"$/.exec(header)?.[1] : undefined;
  if (version !== undefined) return version;
  throw new ProblemException(
    400,
    'IF_MATCH_INVALID',
    'If-Match names one version, as an ETag does: If-Match: "7f3a…".',
  );
}

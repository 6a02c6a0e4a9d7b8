import { HttpException } from '@nestjs/common';

/** What is wrong with one field of a request. */
export interface FieldError {
  readonly key: string;
  readonly message: string;
}

/**
 * A refusal with a stable code, and a detail that says what to change.
 *
 * @example throw new ProblemException(404, 'TEMPLATE_NOT_FOUND', 'There is no template "welcome". List them at /templates.')
 */
export class ProblemException extends HttpException {
  constructor(
    status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors?: readonly FieldError[],
    /** When to try again, in seconds; sent as `Retry-After`. */
    readonly retryAfter?: number,
  ) {
    super(detail, status);
  }
}

import { StandardSchemaValidationPipe } from '@nestjs/common';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ProblemException } from './problem.exception.js';

/** Validates what a parameter's `schema` describes, as in `@Body({ schema: createMessage })`. */
export function validationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({
    exceptionFactory: (issues: readonly StandardSchemaV1.Issue[]) => {
      const errors = issues.slice(0, 20).map((issue) => ({
        key: (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
        message: issue.message,
      }));
      return new ProblemException(
        400,
        'VALIDATION_FAILED',
        'The request is not valid; `errors` names each field.',
        errors,
      );
    },
  });
}

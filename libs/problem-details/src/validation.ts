import { StandardSchemaValidationPipe } from '@nestjs/common';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { FieldError } from './problem.exception.js';
import { ProblemException } from './problem.exception.js';

/** Validates what a parameter's `schema` describes, as in `@Body({ schema: createMessage })`. */
export function validationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({
    exceptionFactory: (issues: readonly StandardSchemaV1.Issue[]) => {
      const errors = issues.flatMap(fieldErrors).slice(0, 20);
      return new ProblemException(
        400,
        'VALIDATION_FAILED',
        'The request is not valid; `errors` names each field.',
        errors,
      );
    },
  });
}

/** An issue for each field it is about: that an object has unknown fields is one issue, which zod puts on the object. */
function fieldErrors(issue: StandardSchemaV1.Issue & { readonly keys?: readonly string[] }): FieldError[] {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part));
  const { keys } = issue;
  if (!keys || keys.length === 0) return [{ key: path.join('.'), message: issue.message }];
  return keys.map((key) => ({ key: [...path, key].join('.'), message: issue.message }));
}

import { StandardSchemaValidationPipe } from '@nestjs/common';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { FieldError } from './problem.exception.js';
import { ProblemException } from './problem.exception.js';

const MAX_ERRORS = 20;
const MAX_KEY = 200;

/** Validates what a parameter's `schema` describes, as in `@Body({ schema: createMessage })`. */
export function validationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({
    exceptionFactory: (issues: readonly StandardSchemaV1.Issue[]) => {
      const errors = issues.flatMap(fieldErrors).slice(0, MAX_ERRORS);
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
  if (!keys || keys.length === 0) return [{ key: shown(path), message: issue.message }];
  // Not the issue's own message: it lists all of the keys, which would be repeated for each of them.
  return keys.slice(0, MAX_ERRORS).map((key) => ({ key: shown([...path, key]), message: 'Unrecognized key.' }));
}

/** As much of a client's own key as it takes to find it. */
function shown(path: readonly string[]): string {
  const key = path.join('.');
  return key.length > MAX_KEY ? `${key.slice(0, MAX_KEY)}…` : key;
}

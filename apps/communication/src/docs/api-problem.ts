import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';

/** Documents a refusal: its status and the codes it comes with. */
export function ApiProblem(status: number, ...codes: readonly string[]): MethodDecorator & ClassDecorator {
  return applyDecorators(
    ApiResponse({
      status,
      description: codes.join(', '),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    }),
  );
}

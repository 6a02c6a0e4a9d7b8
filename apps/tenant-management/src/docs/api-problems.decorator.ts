import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';

/** Documents the refusals of a route: the codes of each status. */
export function ApiProblems(codes: Readonly<Record<number, string>>): MethodDecorator & ClassDecorator {
  const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return applyDecorators(
    ...Object.entries(codes).map(([status, description]) =>
      ApiResponse({ status: Number(status), description, content: problem }),
    ),
  );
}

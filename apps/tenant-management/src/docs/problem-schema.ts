import type { OpenAPIObject } from '@nestjs/swagger';

type Schema = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];

/** Every refusal, as RFC 9457 has it. */
export const problemSchema: Schema = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string', example: 'about:blank' },
    title: { type: 'string', example: 'Conflict' },
    status: { type: 'integer', example: 409 },
    code: { type: 'string', example: 'TENANT_EXISTS', description: 'Stable: branch on it.' },
    detail: { type: 'string', description: 'What to change.' },
    errors: {
      type: 'array',
      description: 'With VALIDATION_FAILED: what is wrong with each field.',
      items: {
        type: 'object',
        required: ['key', 'message'],
        properties: { key: { type: 'string', example: 'domains.0' }, message: { type: 'string' } },
      },
    },
  },
};

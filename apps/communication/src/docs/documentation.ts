import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

const PROBLEM = {
  type: 'object' as const,
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string' as const, example: 'about:blank' },
    title: { type: 'string' as const, example: 'Bad Request' },
    status: { type: 'integer' as const, example: 400 },
    code: { type: 'string' as const, example: 'VALIDATION_FAILED', description: 'Stable: branch on it.' },
    detail: { type: 'string' as const, description: 'What to change.' },
    errors: {
      type: 'array' as const,
      items: {
        type: 'object' as const,
        properties: { key: { type: 'string' as const }, message: { type: 'string' as const } },
      },
    },
  },
};

// The library reads it from the path, no handler does: the document would have a placeholder that nothing explains.
const TENANT_IN_PATH = {
  name: 'tenantId',
  in: 'path' as const,
  required: true,
  description: 'The tenant.',
  schema: { type: 'string' as const },
};

/** Serves the OpenAPI document at /docs-json and a page of it at /docs. */
export function serveDocumentation(app: INestApplication): void {
  const header = new DocumentBuilder()
    .setTitle('Communication')
    .setDescription('Sends email and text messages for the tenant that a request is for.')
    .setVersion('1.0')
    .addBearerAuth()
    .addSecurityRequirements('bearer')
    .addGlobalParameters({
      name: 'X-Tenant-ID',
      in: 'header',
      required: false,
      description:
        'The tenant, for a token of the platform. It may be named by the query parameter tenant_id, by a path that ' +
        'begins with /tenants/:tenantId or by the host too; a token of a tenant names it already.',
      schema: { type: 'string' },
    })
    .addGlobalResponse(
      ...[
        [400, 'The request is not valid, or names no tenant'],
        [401, 'UNAUTHENTICATED'],
        [403, 'TENANT_FORBIDDEN'],
        [404, 'TENANT_NOT_FOUND, or what was asked for is not there'],
        [429, 'TENANT_QUOTA_EXCEEDED, ADDRESS_LIMIT_EXCEEDED'],
      ].map(([status, description]) => ({
        status: Number(status),
        description: String(description),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      })),
    )
    .build();
  const document = SwaggerModule.createDocument(app, header);
  document.components = { ...document.components, schemas: { ...document.components?.schemas, Problem: PROBLEM } };
  for (const [path, item] of Object.entries(document.paths)) {
    if (path.includes('{tenantId}')) item.parameters = [TENANT_IN_PATH];
  }
  SwaggerModule.setup('docs', app, document, { jsonDocumentUrl: 'docs-json', yamlDocumentUrl: 'docs-yaml' });
}

import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { problemSchema } from './problem-schema.js';

/** Serves the description of the API: for people at `/docs`, for programs at `/docs-json`. */
export function serveOpenApi(app: INestApplication): void {
  const info = new DocumentBuilder()
    .setTitle('Tenant management')
    .setDescription('The registry of tenants: who they are, where their tables lie, and what they have set.')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'A service token.' })
    .build();
  SwaggerModule.setup('docs', app, () => {
    const document = SwaggerModule.createDocument(app, info);
    document.components = {
      ...document.components,
      schemas: { ...document.components?.schemas, Problem: problemSchema },
    };
    return document;
  });
}

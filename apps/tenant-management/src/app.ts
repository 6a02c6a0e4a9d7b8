import { HttpAdapterHost, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ProblemFilter, validationPipe } from 'problem-details';
import type { NestApplicationOptions } from '@nestjs/common';
import { AppModule } from './app.module.js';
import { readEnvironment } from './config/environment.js';
import { serveOpenApi } from './docs/openapi.js';
import { PlainJsonPipe } from './requests/plain-json.pipe.js';

// A tenant with all its settings and metadata is half as large.
const BODY_LIMIT = '64kb';

/** The service, ready to listen. Throws `EnvironmentError` for variables that are wrong. */
export async function createApp(
  env: Readonly<Record<string, string | undefined>>,
  options: NestApplicationOptions = {},
): Promise<NestExpressApplication> {
  const module = AppModule.forRoot(readEnvironment(env));
  const app = await NestFactory.create<NestExpressApplication>(module, {
    ...options,
    bodyParser: false,
    // Whoever starts it is told why it failed; the default ends the process.
    abortOnError: false,
  });
  return configureApp(app);
}

/** What surrounds the routes: the body's limit, validation, error bodies and the documentation. */
export function configureApp(app: NestExpressApplication): NestExpressApplication {
  app.disable('x-powered-by');
  app.useBodyParser('json', { limit: BODY_LIMIT });
  app.useGlobalPipes(new PlainJsonPipe(), validationPipe());
  app.useGlobalFilters(new ProblemFilter(app.get(HttpAdapterHost)));
  serveOpenApi(app);
  return app;
}

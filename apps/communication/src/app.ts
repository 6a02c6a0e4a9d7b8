import 'reflect-metadata';
import type { LogLevel } from '@nestjs/common';
import { HttpAdapterHost, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ProblemFilter, validationPipe } from 'problem-details';
import { AppModule } from './app.module.js';
import { serveDocumentation } from './docs/documentation.js';
import type { Environment } from './environment.js';

export interface AppOptions {
  /** @defaultValue `['error', 'warn', 'fatal']` */
  readonly logger?: LogLevel[] | false;
}

/** The service, ready to listen. It has connected to its databases, and throws where it cannot. */
export async function createApp(
  environment: Environment,
  { logger = ['error', 'warn', 'fatal'] }: AppOptions = {},
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(environment), {
    logger,
    abortOnError: false,
    bodyParser: false,
  });
  app.disable('x-powered-by');
  app.set('trust proxy', environment.TRUSTED_PROXIES ?? false);
  app.useBodyParser('json', { limit: '256kb' });
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemFilter(app.get(HttpAdapterHost)));
  serveDocumentation(app);
  await app.init();
  return app;
}

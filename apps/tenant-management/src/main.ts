import { ConfigService } from '@nestjs/config';
import { createApp } from './app.js';
import type { Environment } from './config/environment.js';

async function start(): Promise<void> {
  const app = await createApp(process.env);
  const config = app.get<ConfigService<Environment, true>>(ConfigService);
  app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
  await app.listen(config.get('PORT', { infer: true }), config.get('HOST', { infer: true }));
  console.log(`Tenant management listens on ${await app.getUrl()}`);
}

/** Where a host name has several addresses, a connection that fails has an error for each, and no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}

start().catch((error: unknown) => {
  console.error(`Tenant management cannot start. ${reasonOf(error)}`);
  process.exit(1);
});

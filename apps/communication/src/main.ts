import { createApp } from './app.js';
import { readEnvironment } from './environment.js';
import { describeStartFailure } from './start-failure.js';

// Longer than running messages and requests are given; whatever still holds the process then is not waited for.
const STOP_DEADLINE_MS = 20_000;

try {
  const environment = readEnvironment(process.env);
  const app = await createApp(environment);
  app.enableShutdownHooks([], { useProcessExit: true });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref());
  }
  await (environment.HOST === undefined
    ? app.listen(environment.PORT)
    : app.listen(environment.PORT, environment.HOST));
  const url = (await app.getUrl()).replace('[::1]', 'localhost');
  console.log(`Communication service listens on ${url}`);
} catch (error) {
  console.error(`The communication service cannot start. ${describeStartFailure(error)}`);
  process.exit(1);
}

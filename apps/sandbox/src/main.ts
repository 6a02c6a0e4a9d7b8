import { Sandbox } from './sandbox.js';
import { readSettings } from './settings.js';
import { welcome } from './welcome.js';
import { whenNpmIsGone } from './when-npm-is-gone.js';

let sandbox: Sandbox | undefined;
let stopping: Promise<void> | undefined;

/** Stops what runs, once, however often it is asked to. */
function stop(exitCode: number): Promise<void> {
  stopping ??= (async () => {
    await sandbox?.stop();
    process.exit(exitCode);
  })();
  return stopping;
}

function stopAsTold(): void {
  if (!stopping) console.log('\nStopping …');
  void stop(0);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stopAsTold);
whenNpmIsGone(process.env, stopAsTold);

try {
  const settings = readSettings(process.env);
  sandbox = new Sandbox(settings, console.log);
  await sandbox.start();
  console.log(welcome(settings));
} catch (error) {
  if (!stopping) console.error(`\n${(error as Error).message}`);
  await stop(1);
}

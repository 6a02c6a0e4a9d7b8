import { runTenancy } from './program.js';

// Who reads the answer may leave before its end: what is being done is finished all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const exitCode = await runTenancy(process.argv.slice(2));
for (const stream of [process.stdout, process.stderr]) {
  await new Promise((resolve) => stream.write('', resolve));
}
// Whatever the config has opened does not keep the command.
process.exit(exitCode);

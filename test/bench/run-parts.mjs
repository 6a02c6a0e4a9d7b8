import { readEnvironment } from './report/environment.mjs';
import { keepResults } from './report/keep-results.mjs';
import { InterruptedError } from './report/progress.mjs';
import { openPostgres } from './server/postgres.mjs';

/**
 * Measures parts one after the other. Each is kept and printed when it is done, so that a later one that fails does not
 * take it along.
 */
export async function runParts(parts, options) {
  const server = await openPostgres();
  const results = {};
  try {
    for (const [name, { measure, format, targets }] of Object.entries(parts)) {
      const environment = await readEnvironment(server.url, options.command);
      const result = { environment, ...(await measure(server.url, options)) };
      await keepResults({ [name]: result }, options);
      results[name] = { ...result, ...(targets && { targets: targets(result) }) };
      if (!options.json) console.log(`${format(result)}\n`);
    }
    if (options.json) console.log(JSON.stringify(results, undefined, 2));
    else if (!options.out && !options.isComplete)
      console.log('Not a complete run: nothing is kept without --out FILE.');
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    console.error(error.message);
    process.exitCode = 130;
  } finally {
    await server.stop();
  }
}

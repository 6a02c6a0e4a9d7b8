import { parseArgs } from 'node:util';
import { wholeNumber } from '../support/whole-number.mjs';

const HELP = `npm run prove:isolation -- [options]

Proves that no tenant sees, changes or is left anything of another one: generates batches of operations that users perform
at once over a small pool, performs them against a real PostgreSQL, and compares everything that is seen, answered and
stored with a model. Then does the same with faulty versions of the library, which have to be caught.

  --operations N    how many operations at least (100,000)
  --seed N          where the generated cases begin (any); printed, so that a run can be repeated
  --only TEXT       only the mutants that have this in their name, not the library itself
  --no-mutants      the library itself only
  --no-shrink       a counterexample as it was found, not made smaller
  --library FILE    another build of the library: the file that its index was compiled to
  --database NAME   the name of the database that is made, and dropped at the end (any)
  --json            the result as one JSON document
  --help            this

TEST_DATABASE_URL names the server, as a superuser; without it an embedded PostgreSQL 18 is started.
Exits with 1 where something was violated or a mutant survived.`;

/** The options of the command line; prints the help, and ends, where that is asked for. */
export function readOptions() {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      operations: { type: 'string', default: '100000' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
      only: { type: 'string' },
      mutants: { type: 'boolean', default: true },
      shrink: { type: 'boolean', default: true },
      library: { type: 'string' },
      database: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  return { ...values, operations: wholeNumber(values, 'operations'), seed: wholeNumber(values, 'seed') };
}

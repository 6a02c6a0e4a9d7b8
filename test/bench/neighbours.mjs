// How long a quiet tenant waits beside a loud one, with and without maxConnectionsPerTenant; see --help.
import { parseArgs } from 'node:util';
import { numberArgument, readOrRefuse } from './command-line.mjs';
import { measureNeighbours } from './neighbours/measure-neighbours.mjs';
import { formatNeighbours } from './report/neighbours-table.mjs';
import { runParts } from './run-parts.mjs';

const SECONDS = 15;
const HELP = `npm run bench:neighbours -- [--seconds ${SECONDS}] [--json] [--out FILE]

How long a quiet tenant waits: alone, beside one that asks for much more than the pool has, and with
maxConnectionsPerTenant; each for so many seconds. With at least ${SECONDS} the figures are kept in
test/bench/results/database.json and in the library's README. TEST_DATABASE_URL names a server, as a superuser; without it
an embedded PostgreSQL 18 is started.`;

const options = readOrRefuse((args) => {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: 'string', default: String(SECONDS) },
      json: { type: 'boolean', default: false },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const seconds = numberArgument('seconds', values.seconds);
  return { ...values, seconds, isComplete: seconds >= SECONDS, command: 'npm run bench:neighbours' };
});
if (options.help) console.log(HELP);
else await runParts({ neighbours: { measure: measureNeighbours, format: formatNeighbours } }, options);

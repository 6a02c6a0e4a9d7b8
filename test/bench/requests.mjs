// What a request costs with each way to carry its tenant, and whether the heap stays as it is; see --help.
import { parseArgs } from 'node:util';
import { numberArgument, readOrRefuse } from './command-line.mjs';
import { describeMachine } from './report/environment.mjs';
import { keepRequests } from './report/keep-results.mjs';
import { InterruptedError } from './report/progress.mjs';
import { formatParts } from './report/parts-table.mjs';
import { formatRequests, formatSideBySide } from './report/requests-table.mjs';
import { formatSoak } from './report/soak-table.mjs';
import { measureParts } from './requests/measure-parts.mjs';
import { measureRequests } from './requests/measure-requests.mjs';
import { measureSideBySide } from './requests/measure-side-by-side.mjs';
import { measureSoak } from './requests/measure-soak.mjs';
import { requestTargets, soakTargets } from './requests/targets.mjs';
import { ADAPTERS, BARE, RESOLVERS, WAYS } from './requests/ways.mjs';

const COMPLETE = { rounds: 3, seconds: 2 };
const SOAK = 1_000_000;
/** What is measured, by how the options call it: where it is kept, and how. */
const PARTS = {
  processes: ['requests', measureRequests],
  'side-by-side': ['sideBySide', measureSideBySide],
  work: ['parts', measureParts],
  heap: ['soak', measureSoak],
};
const HELP = `npm run bench:requests -- [options]

What a request costs with each way to carry its tenant: a route without a database, the tenant known. As a ratio to the same
application without any; the load comes from this process, each application is one of its own. Then this library, the least
that can be written by hand, and a guard beside nothing but an AsyncLocalStorage.run, in the fastest place that the adapter
has: all in one process. Then what this library itself does for a request, without any server, and its heap after each tenth
of very many requests of 1,000 tenants.
A run without options takes about 25 minutes, keeps its figures in test/bench/results/requests.json and writes them into the
library's README.

  --adapter Fastify     only this one: ${ADAPTERS.join(', ')}
  --resolver header     only tenants named like this: ${RESOLVERS.join(', ')}
  --parts heap          only these: ${Object.keys(PARTS).join(', ')}; some ways or cells alone are measured without heap
  --ways guard,request  only these, and ${BARE}, each in a process of its own: ${Object.keys(WAYS).join(', ')}
  --rounds 3            in each round every way takes its turn, in a new process; the best one counts, as the compiler and the
                        memory make some of them half as slow again, whatever runs in them. Side by side: so many processes
  --seconds 2           how long a turn lasts, in whole seconds; side by side four turns of a second for each
  --requests ${SOAK}    after how many requests the heap is looked at
  --node PATH           the Node that runs the applications, such as the one that \`npm install --prefix DIR node@24\` brings:
                        DIR/node_modules/node/bin/node
  --json                print JSON instead of tables
  --out FILE            write the results there (for the README: test/bench/results/requests.node24.json); by itself only a
                        run of this length and of all cells does, with the Node that runs it
  --help`;

const FLAG = { type: 'boolean', default: false };
const TEXT = { type: 'string' };

const options = readOrRefuse((args) => {
  const { values } = parseArgs({
    args,
    options: {
      adapter: TEXT,
      resolver: TEXT,
      ways: TEXT,
      rounds: TEXT,
      seconds: TEXT,
      parts: TEXT,
      requests: TEXT,
      node: TEXT,
      json: FLAG,
      out: TEXT,
      help: FLAG,
    },
  });
  const whole = (name, byDefault) => numberArgument(name, values[name] ?? byDefault, Number.isInteger);
  const lengths = {
    rounds: whole('rounds', COMPLETE.rounds),
    seconds: whole('seconds', COMPLETE.seconds),
  };
  const requests = whole('requests', SOAK);
  const ways = known('ways', values.ways, Object.keys(WAYS));
  const isWhole = ['adapter', 'resolver', 'ways', 'node'].every((name) => values[name] === undefined);
  const names = Object.keys(PARTS);
  const parts = known('parts', values.parts, names) ?? (isWhole ? names : names.filter((name) => name !== 'heap'));
  const isLongEnough =
    Object.entries(COMPLETE).every(([name, least]) => lengths[name] >= least) &&
    (!parts.includes('heap') || requests >= SOAK);
  return {
    ...values,
    parts,
    ...lengths,
    requests,
    adapters: known('adapter', values.adapter, ADAPTERS),
    resolvers: known('resolver', values.resolver, RESOLVERS),
    ways: ways && [...new Set([BARE, ...ways])],
    isComplete: isWhole && isLongEnough,
    command: ['npm run bench:requests', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
  };
});

function known(name, text, all) {
  const given = text?.split(',');
  const unknown = given?.find((value) => !all.includes(value));
  if (unknown !== undefined) throw new Error(`--${name} ${unknown} is not known. There are: ${all.join(', ')}.`);
  return given;
}

async function run() {
  const results = {};
  for (const part of options.parts) {
    const [name, measure] = PARTS[part];
    results[name] = { environment: describeMachine(options.command), ...(await measure(options)) };
    // Each as it is there: the figures of one are not lost where the other breaks off.
    await keepRequests({ [name]: results[name] }, options);
  }
  const { requests, sideBySide, parts, soak } = results;
  const targets = [...(sideBySide ? requestTargets(sideBySide) : []), ...(soak ? soakTargets(soak) : [])];
  if (options.json) console.log(JSON.stringify({ ...results, targets }, undefined, 2));
  else {
    if (requests) console.log(formatRequests(requests));
    if (sideBySide) console.log(formatSideBySide(sideBySide));
    if (parts) console.log(formatParts(parts));
    if (soak) console.log(formatSoak(soak));
    for (const { target, reached, isMet } of targets) console.log(`${isMet ? 'met' : 'MISSED'}: ${target}: ${reached}`);
    if (!options.out && !options.isComplete) console.log('Not a complete run: nothing is kept without --out FILE.');
  }
}

if (options.help) console.log(HELP);
else {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    console.error(error.message);
    process.exitCode = 130;
  }
}

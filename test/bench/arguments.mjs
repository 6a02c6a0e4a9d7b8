import { parseArgs } from 'node:util';
import { numberArgument } from './command-line.mjs';
import { DRAWS, NETWORKS, OPERATIONS } from './statements/cells.mjs';
import { PLAIN, WAYS } from './ways/ways.mjs';

export const HELP = `npm run bench:database -- [options]

What a statement costs with each way to tie it to its tenant, as a ratio to plain TypeORM on one schema; then the memory
and the connections of many tenants. A run without options takes about 20 minutes, and writes test/bench/results/database.json
and from it the figures in the library's README.

  --quick              fewer tenants, short turns, no memory: a look, in less than 3 minutes
  --memory             the memory and the connections only
  --tenants 1,100      only with these numbers of tenants
  --operation read     only these: ${OPERATIONS.join(', ')}
  --draw zipf          only tenants drawn like this: ${DRAWS.join(', ')}
  --network loopback   only over these: ${NETWORKS.join(', ')}; remote is a proxy that adds 1 ms each way
  --ways set,prepare   only these, and plain: ${Object.keys(WAYS).join(', ')}
  --rounds 9           in each round every way takes its turn
  --seconds 0.5        how long a turn lasts
  --warm-up 25000      at most so many operations to warm up each way, or one for each table of each tenant
  --keep               keep the database for the next run that keeps it too (TEST_DATABASE_URL only)
  --json               print JSON instead of tables
  --out FILE           write the results there; by itself only a run of this length and of all cells does
  --help

TEST_DATABASE_URL names a server, as a superuser; without it an embedded PostgreSQL 18 is started.`;

/** With less the medians tell of the machine's moods: nothing of it is kept. */
const COMPLETE = { rounds: 9, seconds: 0.5, 'warm-up': 25_000 };
const QUICK = { rounds: 5, seconds: 0.15, 'warm-up': 3_000 };
const FILTERS = ['tenants', 'operation', 'draw', 'network', 'ways'];

const FLAG = { type: 'boolean', default: false };
const TEXT = { type: 'string' };

/** What is to be measured, from the command line. Throws an error that says which option is wrong. */
export function readArguments(args) {
  const { values } = parseArgs({
    args,
    options: {
      quick: FLAG,
      memory: FLAG,
      tenants: TEXT,
      operation: TEXT,
      draw: TEXT,
      network: TEXT,
      ways: TEXT,
      rounds: TEXT,
      seconds: TEXT,
      'warm-up': TEXT,
      keep: FLAG,
      json: FLAG,
      out: TEXT,
      help: FLAG,
    },
  });
  const { quick, memory, keep, json, out, help } = values;
  const extent = (name, isValid) => numberArgument(name, values[name] ?? (quick ? QUICK : COMPLETE)[name], isValid);
  const rounds = extent('rounds', Number.isInteger);
  const seconds = extent('seconds', Number.isFinite);
  const warmUp = extent('warm-up', Number.isInteger);
  const isLongEnough = rounds >= COMPLETE.rounds && seconds >= COMPLETE.seconds && warmUp >= COMPLETE['warm-up'];
  const ways = oneOf('ways', values.ways, Object.keys(WAYS));
  return {
    quick,
    memory,
    keep,
    json,
    out,
    help,
    tenants: values.tenants?.split(',').map((count) => numberArgument('tenants', count, Number.isInteger)),
    operations: oneOf('operation', values.operation, OPERATIONS),
    draws: oneOf('draw', values.draw, DRAWS),
    networks: oneOf('network', values.network, NETWORKS),
    ways: ways && [PLAIN, ...ways.filter((way) => way !== PLAIN)],
    rounds,
    seconds,
    warmUp,
    /** Whether it is a run whose results are worth keeping. */
    isComplete: !quick && FILTERS.every((name) => values[name] === undefined) && isLongEnough,
    command: ['npm run bench:database', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
  };
}

function oneOf(name, text, known) {
  const given = text?.split(',');
  const unknown = given?.find((value) => !known.includes(value));
  if (unknown !== undefined) throw new Error(`--${name} ${unknown} is not known. There are: ${known.join(', ')}.`);
  return given;
}

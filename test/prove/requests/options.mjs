import { parseArgs } from 'node:util';
import { wholeNumber } from '../support/whole-number.mjs';

const HELP = `npm run prove:requests -- [options]

Proves that a request is served as the tenant that one rule says, or not at all, on Express and on Fastify:

  agreement   what header, query, path, subdomain, domain and claim say, in all their combinations, over HTTP
  routes      what is made of that by routes of nobody and with resolvers of their own, on excluded paths and where no tenant is
              required; and whom guards, interceptors and filters of a route see
  proxies     what a trusted proxy and a stranger say, in all their combinations, over HTTP
  strings     generated ids, hosts, queries, paths and headers: in functions, and as raw bytes over sockets
  paths       ways to write a path, on routes with a prefix, a version and in nested modules, over HTTP
  refusals    what a stranger is told of a tenant that is unknown, suspended or forbidden, and of failures, byte by byte

Then does the same with faulty versions of the library, which have to be caught.

  --strings N     how many generated strings at least (200,000)
  --sockets N     how many of them over sockets, to both adapters (100,000)
  --seed N        where the generated strings begin (any); printed, so that a run can be repeated
  --only TEXT     only the proofs that have this in their name, and the mutants that they have to catch
  --no-mutants    the library itself only
  --library FILE  another build of the library: the file that its index was compiled to
  --json          the result as one JSON document
  --help          this

Exits with 1 where something was violated or a mutant survived.`;

/** The options of the command line; prints the help, and ends, where that is asked for. */
export function readOptions() {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      strings: { type: 'string', default: '200000' },
      sockets: { type: 'string', default: '100000' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
      only: { type: 'string', default: '' },
      mutants: { type: 'boolean', default: true },
      library: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  const numbers = ['strings', 'sockets', 'seed'].map((name) => [name, wholeNumber(values, name)]);
  return { ...values, ...Object.fromEntries(numbers) };
}
